//! Many clients that trigger a batch of one task again and again.

use crate::bank::Bank;
use crate::caller::Caller;
use crate::definitions::ONE;
use crate::load::{Client, Take};
use crate::watch::Watch;
use anyhow::Result;
use std::time::Duration;

/// Applies the batch and lets it run once, which makes what a first run makes.
pub(super) async fn warm<'a>(bank: &Bank, caller: &'a Caller) -> Result<Watch<'a>> {
    bank.server.apply(ONE)?;
    let mut watch = Watch::new(caller, "T", Duration::from_millis(1)).await?;
    let run = watch.trigger("ONE").await?;
    watch.until(&run, "0", Duration::ZERO).await?;
    Ok(watch)
}

/// So many clients before they begin.
pub(super) async fn crowd(caller: &Caller, clients: usize, take: Take) -> Result<Vec<Client>> {
    let mut crowd = Vec::with_capacity(clients);
    for _ in 0..clients {
        let requests = std::iter::repeat(caller.trigger("ONE", ""));
        crowd.push(Client::new(caller, take, requests).await?);
    }
    Ok(crowd)
}
