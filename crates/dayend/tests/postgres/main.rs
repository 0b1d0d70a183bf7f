//! The real server on a PostgreSQL database that stops, crashes, answers slowly or not at all, is full, locked or behind
//! a pooler; and the way from a file to a database server. No run may be lost, and no task start twice.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests and their helpers fail by panicking"
)]

mod away;
mod bank;
mod init;
mod limits;
mod migrate;
mod pooler;
mod replies;
mod restarts;
mod slow;
mod work;

#[path = "../../../testkit/src/postgres.rs"]
#[expect(dead_code, unreachable_pub, reason = "the file is a public module of the test kit")]
mod cluster;
#[path = "../outside/mod.rs"]
mod outside;
#[path = "../../../testkit/src/postgres_proxy.rs"]
#[expect(dead_code, unreachable_pub, reason = "the file is a public module of the test kit")]
mod proxy;
#[path = "../server_support/mod.rs"]
mod server_support;
