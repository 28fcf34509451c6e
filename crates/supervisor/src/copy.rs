//! Copies files into and out of machines that run.
//!
//! ```text
//! into     host: pack   == archive ==> input   guest: unpack
//! out of   guest: pack  == output ==>  archive host: unpack
//! ```
//! Both ends are `lazaret-tar`. The guest is not trusted: what it sends is unpacked beneath the
//! target only, its reports are bounded, and names that it chooses are used only inside a folder
//! that the user has named.

mod fault;
mod into;
mod out;
mod pipe;
mod reports;
mod request;

pub use request::{CopyIn, CopyNews, CopyOut, CopySink, Inlet, Outlet};
