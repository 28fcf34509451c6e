//! Checks the distribution specification clause by clause: version 1.1, and the additions of its
//! main branch.
//!
//! Every check names a section and quotes or paraphrases what it requires. The checks know only the
//! address of the registry, so they run with every backend, and the address of any other plain HTTP
//! registry can be given in `LAZARET_CONFORMANCE_AT`. Requirements on every response (error bodies,
//! lengths, digests, warnings) are checked with each request, in `harness/reply.rs`.

#![allow(clippy::unwrap_used, reason = "this is a test")]
#![allow(
    clippy::wrong_self_convention,
    reason = "checks on a reply are chained"
)]

/// Makes a test of each check with every backend.
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
