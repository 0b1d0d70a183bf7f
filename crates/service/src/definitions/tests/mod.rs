//! Tests of reading, checking and writing as a whole.

mod defects;
mod documented;
mod graphs;
mod hostile;
mod references;
mod round_trip;
mod texts;

use texts::{assert_refused, defects_of, file, read_one, shown};
