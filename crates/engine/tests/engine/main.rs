//! The engine, checked against a naive model, and its documented rules as tables.

#[cfg(test)]
mod batches;
#[cfg(test)]
mod build;
#[cfg(test)]
mod drive;
#[cfg(test)]
mod invariants;
#[cfg(test)]
mod model;
