//! The distribution specification, clause by clause: 1.1 and what its main branch adds.
//!
//! Every check names the section that it holds the registry to, and what that section says, in
//! our words. The checks know nothing of the registry but its address, so they run on every
//! backend; the address of any other plain HTTP registry can be given in
//! `LAZARET_CONFORMANCE_AT`. What holds for every answer (error bodies, lengths, digests,
//! warnings) is checked with each request, in `harness/reply.rs`.

#![allow(clippy::unwrap_used, reason = "this is a test")]
#![allow(
    clippy::wrong_self_convention,
    reason = "checks on a reply are chained"
)]

/// Makes a test of each check for every backend.
macro_rules! on_every_backend {
    ($($check:ident),+ $(,)?) => {
        mod files_and_sqlite {
            $(
                #[test]
                fn $check() {
                    use crate::harness::{Backend, Served};
                    super::$check(&Served::start(Backend::FilesAndSqlite));
                }
            )+
        }
        mod s3_and_postgres {
            $(
                #[test]
                fn $check() {
                    use crate::harness::{Backend, Served};
                    super::$check(&Served::start(Backend::S3AndPostgres));
                }
            )+
        }
    };
}

mod algorithms;
mod base;
mod blobs;
mod chunks;
mod conditions;
mod data_sets;
mod deletion;
mod digests;
mod existence;
mod fallback_tags;
mod harness;
mod life;
mod manifests;
mod mount;
mod names;
mod push_blobs;
mod push_manifests;
mod ranges;
mod referrers;
mod subjects;
mod tag_parameters;
mod tags;
