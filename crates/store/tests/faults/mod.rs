//! What can go wrong with a database at the other end of a network.

mod connection;
mod opening;
mod proxy;
mod tls;
