//! `lazaret`, the command line.
fn main() {}
