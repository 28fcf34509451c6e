use std::fs;
use std::path::Path;

use proptest::prelude::*;

use super::{hello, request};

/// What the fuzz target of this name starts with.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fuzz/seeds")
        .join(target);
    let seeds = fs::read_dir(folder).unwrap();
    seeds
        .map(|seed| fs::read(seed.unwrap().path()).unwrap())
        .collect()
}

/// A seed with a few bytes changed, cut or doubled.
fn mutated(target: &str) -> impl Strategy<Value = Vec<u8>> + use<> {
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 0..6);
    (prop::sample::select(seeds(target)), changes).prop_map(|(mut bytes, changes)| {
        for (at, byte, kind) in changes {
            if bytes.is_empty() {
                break;
            }
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 => {
                    bytes.remove(at);
                }
                _ => bytes.truncate(at),
            }
        }
        bytes
    })
}

#[test]
fn seeds_have_the_properties_that_the_fuzzer_looks_for() {
    for seed in seeds("egress_hello") {
        hello(&seed);
    }
    for seed in seeds("egress_http") {
        request(&seed);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn first_bytes(bytes in mutated("egress_hello")) {
        hello(&bytes);
    }

    #[test]
    fn requests(bytes in mutated("egress_http")) {
        request(&bytes);
    }
}
