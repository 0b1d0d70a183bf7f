//! All faces, and what every request passes through on its way to one of them.

use super::bounds::{refusal, with_one_slash};
use super::occurrence::Occurrence;
use super::stopping::Stopping;
use crate::app::App;
use crate::external;
use crate::problem::Problem;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use std::any::Any;
use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tower::{Service, ServiceExt};

/// Answers requests. A trait, so that connections can be tested with less than all faces.
pub(super) trait Answers: Clone + Send + Sync + 'static {
    fn answer(
        &self,
        request: Request,
        stopping: &Stopping,
    ) -> impl Future<Output = Response> + Send;
}

/// Everything that the server answers. Cheap to clone.
#[derive(Clone)]
pub struct Faces(Arc<Inner>);

struct Inner {
    router: Router,
    /// The five calls come here past the router: they are asked for thousands of times as often as all else.
    calls: Option<App>,
    /// Callers reach the server over TLS.
    secure: bool,
}

impl Faces {
    /// The faces of a server, without the five calls in `router`.
    pub(super) fn new(router: Router, app: App, secure: bool) -> Self {
        Self(Arc::new(Inner { router, calls: Some(app), secure }))
    }

    /// A router with what every request passes through, but without the five calls.
    #[cfg(test)]
    pub(super) fn of_router(router: Router, secure: bool) -> Self {
        Self(Arc::new(Inner { router, calls: None, secure }))
    }

    async fn pass(&self, request: Request, stopping: Option<&Stopping>) -> Response {
        let occurrence = Occurrence::begin(&request);
        // What a handler left half done is not looked at again: the answer is all that it was for.
        let answer = AssertUnwindSafe(self.within_bounds(request, stopping)).catch_unwind().await;
        occurrence.end(answer.unwrap_or_else(panicked), self.0.secure)
    }

    async fn within_bounds(&self, request: Request, stopping: Option<&Stopping>) -> Response {
        match refusal(&request) {
            Some(refused) => refused,
            None => self.route(with_one_slash(request), stopping).await,
        }
    }

    async fn route(&self, mut request: Request, stopping: Option<&Stopping>) -> Response {
        if let Some(app) = &self.0.calls
            && let Some(call) = external::call_at(request.uri().path(), &app.settings.base_path)
        {
            return external::answer(app, call, request).await;
        }
        if let Some(stopping) = stopping {
            request.extensions_mut().insert(stopping.clone());
        }
        routed(self.0.router.clone(), request).await
    }
}

async fn routed(router: Router, request: Request) -> Response {
    router.oneshot(request).await.unwrap_or_else(|never| match never {})
}

/// A handler panicked: that is our defect, and the connection goes on.
#[expect(clippy::needless_pass_by_value, reason = "the payload ends here")]
fn panicked(payload: Box<dyn Any + Send>) -> Response {
    let text = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    tracing::error!(panic = text.unwrap_or("no message"), "a handler panicked");
    Problem::internal().into_response()
}

impl Answers for Faces {
    async fn answer(&self, request: Request, stopping: &Stopping) -> Response {
        self.pass(request, Some(stopping)).await
    }
}

#[cfg(test)]
impl Answers for Router {
    async fn answer(&self, mut request: Request, stopping: &Stopping) -> Response {
        request.extensions_mut().insert(stopping.clone());
        routed(self.clone(), request).await
    }
}

impl Service<Request<Body>> for Faces {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let faces = self.clone();
        Box::pin(async move { Ok(faces.pass(request, None).await) })
    }
}

impl fmt::Debug for Faces {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Faces").field("secure", &self.0.secure).finish_non_exhaustive()
    }
}
