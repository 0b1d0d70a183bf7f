//! The simulated server: the conductor's own desk, and what somebody asks about it.

use dayend_service::conductor::desk::Desk;
use dayend_service::conductor::view::Views;
use std::sync::Arc;

pub(super) struct Server {
    pub desk: Desk<u64>,
    pub views: Arc<Views>,
}

impl Server {
    pub(super) fn new(desk: Desk<u64>, views: Arc<Views>) -> Self {
        Self { desk, views }
    }

    /// What is left over although nothing goes on: all numbers that the desk tells of itself.
    pub(super) fn leftovers(&self) -> Vec<String> {
        let told = format!("{:?}", self.desk);
        let numbers = told.split(['{', '}', ',']).filter_map(|part| part.split_once(": "));
        let mut left: Vec<String> = numbers
            .filter(|(_, number)| number.trim().parse::<u64>().is_ok_and(|count| count > 0))
            .map(|(name, number)| format!("{} {}", number.trim(), name.trim()))
            .collect();
        left.extend((!self.desk.is_healthy()).then(|| "a failure that is over".to_owned()));
        left
    }
}
