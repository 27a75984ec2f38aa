//! The integration tests: one binary, so that the programme is linked once.

mod window;
