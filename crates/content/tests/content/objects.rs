//! Tests of single object stores, beyond the requirements of the port.

mod files;
mod hostile;
mod settings;
