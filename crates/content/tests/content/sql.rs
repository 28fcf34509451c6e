//! What is particular to the databases, beyond what the ports promise.

mod opening;
mod trouble;
