//! The port of stores, with an adapter for each kind.

mod client_http;
mod file_system;
mod hosted_api;
mod index;
mod oci_registry;
mod port;

pub(super) use client_http::{Http, PlainHosts};
pub(super) use file_system::FileSystem;
pub(super) use hosted_api::{HostedApi, Login};
pub(super) use oci_registry::OciRegistry;
pub(super) use port::{Backend, Fetched, copy};
