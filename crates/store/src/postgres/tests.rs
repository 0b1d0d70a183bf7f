//! What needs a hand inside the store.
