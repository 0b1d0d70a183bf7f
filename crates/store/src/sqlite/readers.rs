//! Connections that read. They never wait for the writer, nor it for them.

use crate::port::StoreError;
use crate::sqlite::connect::{Access, Place};
use crate::sqlite::held::Held;
use crate::values::{Owned, Value};
use std::sync::{Mutex, PoisonError};
use tokio::sync::Semaphore;

/// How many reads run at once.
const READERS: usize = 4;

/// A few connections, opened when they are needed first.
pub(crate) struct Readers {
    place: Place,
    idle: Mutex<Vec<Held>>,
    seats: Semaphore,
}

impl Readers {
    /// No connection yet.
    pub(crate) fn new(place: Place) -> Self {
        Self { place, idle: Mutex::default(), seats: Semaphore::new(READERS) }
    }

    /// Reads on a thread that may wait for the disk.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        values: &[Value<'_>],
        read: impl FnOnce(&mut Held, &[Value<'_>]) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let closed = || StoreError::Unavailable("it was closed".to_owned());
        let _seat = self.seats.acquire().await.map_err(|_| closed())?;
        let held = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let (place, values) = (self.place.clone(), values.iter().map(Owned::of).collect());
        let work = move || {
            let mut held = match held {
                Some(held) => held,
                None => place.connect(Access::Read)?,
            };
            let values: Vec<Owned> = values;
            let values: Vec<Value<'_>> = values.iter().map(Owned::value).collect();
            let answer = read(&mut held, &values);
            Ok((held, answer))
        };
        let worked = tokio::task::spawn_blocking(work).await;
        let cut_short = |error| StoreError::Unavailable(format!("a read was cut short ({error})"));
        let (held, answer) = worked.map_err(cut_short)??;
        if !self.seats.is_closed() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(held);
        }
        answer
    }

    /// Lets the reads under way end and closes the connections.
    pub(crate) async fn close(&self) {
        let all = u32::try_from(READERS).unwrap_or(u32::MAX);
        let _all_are_idle = self.seats.acquire_many(all).await;
        self.seats.close();
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
