//! Connections that read. They never wait for the writer, nor it for them.

use crate::port::StoreError;
use crate::sqlite::connect::{Access, Place};
use crate::sqlite::held::Held;
use crate::values::{Owned, Value};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Semaphore;

/// How many reads run at once.
const READERS: usize = 4;

/// A few connections, opened when they are needed first.
pub(crate) struct Readers {
    place: Place,
    idle: Arc<Mutex<Vec<Held>>>,
    seats: Arc<Semaphore>,
}

impl Readers {
    /// No connection yet.
    pub(crate) fn new(place: Place) -> Self {
        Self { place, idle: Arc::default(), seats: Arc::new(Semaphore::new(READERS)) }
    }

    /// Reads on a thread that may wait for the disk. It reads to the end and then gives its seat back, also when the caller
    /// has gone.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        values: &[Value<'_>],
        read: impl FnOnce(&mut Held, &[Value<'_>]) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let closed = |_| StoreError::Unavailable("it was closed".to_owned());
        let seat = Arc::clone(&self.seats).acquire_owned().await.map_err(closed)?;
        let (place, idle) = (self.place.clone(), Arc::clone(&self.idle));
        let values: Vec<Owned> = values.iter().map(Owned::of).collect();
        let work = move || {
            let waiting = locked(&idle).pop();
            let mut held = waiting.map_or_else(|| place.connect(Access::Read), Ok)?;
            let values: Vec<Value<'_>> = values.iter().map(Owned::value).collect();
            let answer = read(&mut held, &values);
            locked(&idle).push(held);
            drop(seat);
            answer
        };
        let cut_short = |error| StoreError::Unavailable(format!("a read was cut short ({error})"));
        tokio::task::spawn_blocking(work).await.map_err(cut_short)?
    }

    /// Lets the reads under way end and closes the connections.
    pub(crate) async fn close(&self) {
        let all = u32::try_from(READERS).unwrap_or(u32::MAX);
        let _all_are_idle = self.seats.acquire_many(all).await;
        self.seats.close();
        locked(&self.idle).clear();
    }
}

fn locked(idle: &Mutex<Vec<Held>>) -> MutexGuard<'_, Vec<Held>> {
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}
