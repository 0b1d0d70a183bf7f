//! An access token for a narrower one (RFC 8693): for less, for no longer, and gone as soon as the first is revoked.

use super::client::unavailable;
use super::family::Family;
use super::issue::Grant;
use super::request::{Asking, GrantType};
use super::scopes::{Scopes, Target};
use super::verify::Verified;
use crate::identity::Identity;
use crate::known::KnownApp;
use crate::token::{TokenAnswer, TokenError, TokenRequest};
use dayend_engine::time::Timestamp;
use secrecy::ExposeSecret as _;

const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

impl Identity {
    pub(super) async fn exchange_grant(
        &self,
        app: &KnownApp,
        request: TokenRequest,
        asking: &mut Asking,
        now: Timestamp,
    ) -> Result<TokenAnswer, TokenError> {
        let token = self.subject_token(app, &request, now)?;
        let live = self.live(&token, now).await.map_err(|error| unavailable(&error))?;
        let live = live.ok_or_else(invalid_token)?;
        asking.user = live.user.as_ref().map(|user| user.row.name.clone());
        let scopes = match request.scope.as_deref() {
            Some(asked) => Scopes::parse(Some(asked))?,
            None => Scopes::parse(Some(&self.own_scopes(&token)))?,
        };
        let user = live.user.as_deref();
        let targets = self.granted(app, user, &scopes, now).await?;
        let target = narrowed(targets, &scopes, &token)?;
        let audience = request.audience.as_deref().or(request.resource.as_deref());
        let target = for_audience(target, audience)?;
        let grant = Grant {
            kind: GrantType::TokenExchange,
            app,
            user,
            scopes: &scopes,
            family: Family::of_token(&token.id).unwrap_or_else(|| Family::begun_at(now)),
            parent: Some(&token.id),
            until: Some(token.times().expires()),
            documents: Vec::new(),
        };
        let answer = self.issue_for_targets(grant, &[target], asking, now).await?;
        let answer = answer.ok_or(TokenError::InvalidClient)?;
        Ok(TokenAnswer { issued_token_type: Some(ACCESS_TOKEN), ..answer })
    }

    /// The token to exchange: the client's own, or one that was issued for the resource server that the client is.
    fn subject_token(
        &self,
        app: &KnownApp,
        request: &TokenRequest,
        now: Timestamp,
    ) -> Result<Verified, TokenError> {
        let token = request
            .subject_token
            .as_ref()
            .ok_or_else(|| invalid("the parameter subject_token is required"))?;
        match request.subject_token_type.as_deref() {
            Some(ACCESS_TOKEN | JWT) => {}
            None => return Err(invalid("the parameter subject_token_type is required")),
            Some(_) => {
                return Err(invalid(
                    "only access tokens are exchanged: subject_token_type is urn:ietf:params:oauth:token-type:access_token",
                ));
            }
        }
        if request.requested_token_type.as_deref().is_some_and(|kind| kind != ACCESS_TOKEN) {
            return Err(invalid(
                "only access tokens are issued: requested_token_type is urn:ietf:params:oauth:token-type:access_token",
            ));
        }
        if request.actor_token.is_some() {
            return Err(invalid("actor_token is not supported"));
        }
        let token = self.verifier.verify_for_anybody(&self.keys, token.expose_secret(), now);
        let of_client = |token: &Verified| {
            let received = app.settings.audience.as_ref();
            token.tenant == app.row.tenant
                // What came out of an exchange is not exchanged again, so that revoking the first token reaches all.
                && token.parent.is_none()
                && (token.client_id == app.row.client_id
                    || received.is_some_and(|audience| token.audiences.contains(audience)))
        };
        token.filter(of_client).ok_or_else(invalid_token)
    }

    /// The scopes of a token as a client would ask for them.
    fn own_scopes(&self, token: &Verified) -> String {
        let audience = token.audiences.first().filter(|first| **first != self.settings.issuer);
        let full = |scope: &str| match audience {
            Some(audience) if !audience.starts_with("urn:opc:resource:scope:") => {
                format!("{audience}{scope}")
            }
            Some(_) | None => scope.to_owned(),
        };
        token.scope.split(' ').map(full).collect::<Vec<_>>().join(" ")
    }
}

/// The one target, with no more than the token has.
fn narrowed(targets: Vec<Target>, scopes: &Scopes, token: &Verified) -> Result<Target, TokenError> {
    let mut targets = targets.into_iter();
    let (Some(mut target), None) = (targets.next(), targets.next()) else {
        return Err(TokenError::InvalidScope("one token is exchanged for one".to_owned()));
    };
    let within = target.audiences.iter().all(|audience| token.audiences.contains(audience));
    let has = |scope: &String| token.scope.split(' ').any(|held| held == scope);
    if scopes.asks_for_everything() {
        target.scopes.retain(|scope| has(scope));
    }
    if !within || target.scopes.is_empty() || !target.scopes.iter().all(has) {
        return Err(TokenError::InvalidScope(
            "the subject token does not cover the scope".to_owned(),
        ));
    }
    Ok(target)
}

/// The target for one audience only, if one is asked for.
fn for_audience(target: Target, audience: Option<&str>) -> Result<Target, TokenError> {
    let Some(audience) = audience else { return Ok(target) };
    let audiences: Vec<String> =
        target.audiences.iter().filter(|one| *one == audience).cloned().collect();
    if audiences.is_empty() {
        return Err(TokenError::InvalidTarget(
            "the subject token is not for this audience".to_owned(),
        ));
    }
    Ok(Target { audiences, ..target })
}

fn invalid_token() -> TokenError {
    invalid("the subject token is invalid, expired, revoked, or not this client's")
}

fn invalid(problem: &str) -> TokenError {
    TokenError::InvalidRequest(problem.to_owned())
}
