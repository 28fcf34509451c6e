//! Servers that tests need beside them. Each is private to the process that asks for it, and
//! ends with that process, however it ends. Only tests depend on this crate.

pub mod garage;
pub mod moto;
pub mod postgres;
