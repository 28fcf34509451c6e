//! Tests of the gate as a whole.

mod audit;
mod headers;
mod keys;
mod logins;
mod support;
mod tokens;
