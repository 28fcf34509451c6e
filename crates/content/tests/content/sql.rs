//! Tests of single databases, beyond the requirements of the ports.

mod opening;
mod trouble;
