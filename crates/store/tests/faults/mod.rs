//! What can go wrong with a database at the other end of a network.

mod connection;
mod copy;
mod opening;
#[path = "../../../testkit/src/postgres_proxy.rs"]
#[expect(unreachable_pub, dead_code, reason = "the file is a public module of the test kit")]
mod proxy;
mod tls;
