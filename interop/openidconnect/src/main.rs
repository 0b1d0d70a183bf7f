//! A relying party made with the `openidconnect` crate. Prints what it saw as one JSON object.

use openidconnect::core::{CoreClient, CoreProviderMetadata, CoreResponseType, CoreUserInfoClaims};
use openidconnect::reqwest::blocking::{Client, Response};
use openidconnect::reqwest::{Certificate, redirect::Policy};
use openidconnect::{
    AccessTokenHash, AuthenticationFlow, AuthorizationCode, ClientId, ClientSecret, CsrfToken,
    IntrospectionUrl, IssuerUrl, Nonce, OAuth2TokenResponse, PkceCodeChallenge, RedirectUrl,
    RevocationUrl, Scope, TokenIntrospectionResponse, TokenResponse,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::error::Error;

const CALLBACK: &str = "https://app.example/cb";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [base, ca_file, client_id, secret, user, password] = arguments.as_slice() else {
        return Err("BASE_URL CA_FILE CLIENT_ID CLIENT_SECRET USER PASSWORD".into());
    };
    let authority = Certificate::from_pem(&std::fs::read(ca_file)?)?;
    let http = Client::builder()
        .tls_built_in_root_certs(false)
        .add_root_certificate(authority)
        .redirect(Policy::none())
        .build()?;

    let issuer = IssuerUrl::new(base.clone())?;
    let metadata = CoreProviderMetadata::discover(&issuer, &http)?;
    // The crate knows no names for these two.
    let document: Value = serde_json::from_str(
        &http.get(format!("{base}/.well-known/openid-configuration")).send()?.text()?,
    )?;
    let endpoint =
        |name: &str| document[name].as_str().map(str::to_owned).ok_or(format!("no {name}"));
    let client = CoreClient::from_provider_metadata(
        metadata,
        ClientId::new(client_id.clone()),
        Some(ClientSecret::new(secret.clone())),
    )
    .set_redirect_uri(RedirectUrl::new(CALLBACK.to_owned())?)
    .set_introspection_url(IntrospectionUrl::new(endpoint("introspection_endpoint")?)?)
    .set_revocation_url(RevocationUrl::new(endpoint("revocation_endpoint")?)?);

    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (address, state, nonce) = client
        .authorize_url(
            AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
            CsrfToken::new_random,
            Nonce::new_random,
        )
        .add_scope(Scope::new("offline_access".to_owned()))
        .set_pkce_challenge(challenge)
        .url();
    let back = in_browser(&http, base, address.as_str(), user, password)?;
    let parameters: BTreeMap<String, String> = back.query_pairs().into_owned().collect();
    if parameters.get("state") != Some(state.secret()) {
        return Err("the state is another one".into());
    }
    let code = AuthorizationCode::new(parameters.get("code").ok_or("no code")?.clone());

    let first = client.exchange_code(code)?.set_pkce_verifier(verifier).request(&http)?;
    let id_token = first.id_token().ok_or("no ID token")?;
    // The issuer is an audience as well, as with Oracle's service; the crate trusts no audience but the client unless told to.
    let checker = client
        .id_token_verifier()
        .set_other_audience_verifier_fn(|audience| audience.as_str() == base.as_str());
    let claims = id_token.claims(&checker, &nonce)?;
    let expected = claims.access_token_hash().ok_or("no at_hash")?;
    let actual = AccessTokenHash::from_token(
        first.access_token(),
        id_token.signing_alg()?,
        id_token.signing_key(&checker)?,
    )?;
    let subject = claims.subject().clone();
    let userinfo: CoreUserInfoClaims =
        client.user_info(first.access_token().to_owned(), Some(subject.clone()))?.request(&http)?;

    let old = first.refresh_token().ok_or("no refresh token")?;
    let second = client.exchange_refresh_token(old)?.request(&http)?;
    let new = second.refresh_token().ok_or("no second refresh token")?.clone();
    let active = client.introspect(second.access_token()).request(&http)?.active();
    client.revoke_token(new.clone().into())?.request(&http)?;
    let active_after = client.introspect(second.access_token()).request(&http)?.active();

    println!(
        "{}",
        json!({
            "issuer": issuer.as_str(), "subject": subject.as_str(), "bound": actual == *expected,
            "same_subject": userinfo.subject() == &subject, "rotated": new.secret() != old.secret(),
            "active": active, "active_after": active_after,
        })
    );
    Ok(())
}

/// Logs in where the address leads, and gives the address to which the browser is sent back.
fn in_browser(
    http: &Client,
    base: &str,
    address: &str,
    user: &str,
    password: &str,
) -> Result<openidconnect::url::Url, Box<dyn Error>> {
    let page = http.get(address).send()?;
    let cookies = cookies(&page);
    let page = page.text()?;
    let form = between(&page, "<form", "</form>");
    let mut fields: Vec<(String, String)> = form
        .split("<input")
        .skip(1)
        .filter(|input| input.contains("type=\"hidden\""))
        .map(|input| (attribute(input, "name"), attribute(input, "value")))
        .collect();
    fields.push(("username".to_owned(), user.to_owned()));
    fields.push(("password".to_owned(), password.to_owned()));
    let action = openidconnect::url::Url::parse(base)?.join(&attribute(form, "action"))?;
    let answer = http.post(action).header("cookie", cookies).form(&fields).send()?;
    let location = answer
        .headers()
        .get("location")
        .ok_or_else(|| format!("no redirect: {}", answer.status()))?;
    Ok(openidconnect::url::Url::parse(location.to_str()?)?)
}

fn cookies(page: &Response) -> String {
    let lines = page.headers().get_all("set-cookie").iter();
    let pairs = lines.filter_map(|line| line.to_str().ok()?.split(';').next().map(str::to_owned));
    pairs.collect::<Vec<_>>().join("; ")
}

fn attribute(text: &str, name: &str) -> String {
    let found = between(text, &format!(" {name}=\""), "\"");
    let pairs = [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")];
    pairs.iter().fold(found.to_owned(), |text, (from, to)| text.replace(from, to))
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let rest = text.split_once(start).map_or("", |(_, rest)| rest);
    rest.split_once(end).map_or("", |(found, _)| found)
}
