//! The engine, checked against a naive model, and its documented rules as tables.

#[cfg(test)]
mod attempts;
#[cfg(test)]
mod batches;
#[cfg(test)]
mod build;
#[cfg(test)]
mod drive;
#[cfg(test)]
mod group_rules;
#[cfg(test)]
mod groups;
#[cfg(test)]
mod invariants;
#[cfg(test)]
mod model;
#[cfg(test)]
mod night;
#[cfg(test)]
mod parameters;
#[cfg(test)]
mod plans;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod table;
