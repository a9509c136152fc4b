//! Nothing: this package is its one test binary, `stories` (`main.rs`).
//!
//! Not here: unit tests, which sit at the foot of the file they test.
