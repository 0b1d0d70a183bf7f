//! Group ids: they tell afterwards whether a group was committed.

/// Notes that the group was committed.
pub(crate) const INSERT: &str = "INSERT INTO commits (id, partition, at) VALUES ($1, $2, $3)";
/// The group's id, if it was committed.
pub(crate) const FIND: &str = "SELECT id FROM commits WHERE id = $1";
/// Forgets some of the oldest ids.
pub(crate) const FORGET: &str =
    "DELETE FROM commits WHERE at < $1 AND id IN (SELECT id FROM commits ORDER BY id LIMIT 1000)";
