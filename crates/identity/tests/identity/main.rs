//! The identity service on a real database, as its callers see it.

#[cfg(test)]
mod callers;
#[cfg(test)]
mod clients;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod log_in;
#[cfg(test)]
mod refresh;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod tokens;
