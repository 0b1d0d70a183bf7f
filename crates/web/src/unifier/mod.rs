//! The token call of Primavera Unifier: a person's name and password in, a token out. Off unless it is switched on.

mod answer;
mod request;
mod routes;
mod token;

pub(crate) use routes::router;
