//! The HTTP stack with nothing behind it.

use crate::bank::Bank;
use crate::load::{Client, Seen, Take, drive};
use anyhow::Result;
use std::time::Duration;

const CLIENTS: usize = 64;

/// 64 clients on kept connections that ask whether the process answers.
pub(crate) async fn hello(bank: &Bank, time: Duration) -> Result<Seen> {
    let caller = bank.caller().await?;
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let request = caller.get("/health");
        clients.push(Client::new(&caller, Take::Ok, std::iter::repeat(request)).await?);
    }
    drive(clients, Some(time)).await
}
