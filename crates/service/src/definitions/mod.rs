//! Definition documents: reading, checking, writing.
