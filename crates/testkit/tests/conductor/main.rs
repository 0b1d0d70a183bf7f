//! The conductor between its use cases and a real store: while nothing fails, and while the store does.

#[cfg(test)]
mod batches;
#[cfg(test)]
mod calm;
#[cfg(test)]
mod definitions;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod groups;
#[cfg(test)]
mod stage;
