//! Tests of the crate table, the engines and the pure crates.

use super::super::architecture::crate_table;
use super::super::fault::Fault;
use super::super::repository::Member;
use super::super::{crate_table as table, purity};
use super::{assert_none, assert_one};

const ARCHITECTURE: &str = "# Architecture

| crate | what it is for | uses |
|---|---|---|
| `oci` | values | - |
| `vm` | machines | - |
| `client` | registries | oci |
| `cli` | the binary | client, `vm` oci |

1. Engines: engines (`client
   vm`) stay apart; the pure crates (`oci`) do no I/O.
";

const CLIPPY: &str = include_str!("../../../../crates/oci/clippy.toml");

fn member(name: &str, uses: &[&str]) -> Member {
    Member {
        name: name.to_owned(),
        folder: format!("crates/{name}"),
        uses: uses.iter().map(|name| (*name).to_owned()).collect(),
        ..Member::default()
    }
}

fn members() -> Vec<Member> {
    vec![
        member("oci", &[]),
        member("vm", &[]),
        member("client", &["oci"]),
        member("cli", &["client", "oci", "vm"]),
    ]
}

fn check(text: &str, members: &[Member]) -> Vec<Fault> {
    table::check(&crate_table(text), members)
}

#[test]
fn a_table_that_says_what_the_manifests_say_is_fine() {
    assert_none(&check(ARCHITECTURE, &members()));
}

#[test]
fn a_wrong_row_is_a_fault() {
    let more = ARCHITECTURE.replace("| registries | oci |", "| registries | oci vm |");
    assert_one(
        &check(&more, &members()),
        "ARCHITECTURE.md:7: ",
        "client does not use vm",
    );
    let fewer = ARCHITECTURE.replace("| registries | oci |", "| registries | - |");
    assert_one(
        &check(&fewer, &members()),
        "ARCHITECTURE.md:7: ",
        "uses oci, which the row",
    );
    let unknown = ARCHITECTURE.replace("| registries | oci |", "| registries | oci, ocx |");
    assert_one(
        &check(&unknown, &members()),
        "ARCHITECTURE.md:7: ",
        "ocx, which is no crate",
    );
}

#[test]
fn a_crate_without_a_row_and_a_row_without_a_crate_are_faults() {
    let mut more = members();
    more.push(member("store", &[]));
    assert_one(
        &check(ARCHITECTURE, &more),
        "ARCHITECTURE.md: ",
        "no row for store",
    );
    let twice = ARCHITECTURE.replace("| `vm` |", "| `vm` | again | - |\n| `vm` |");
    assert_one(
        &check(&twice, &members()),
        "ARCHITECTURE.md:7: ",
        "two rows",
    );
    let ghost = ARCHITECTURE.replace("| `vm` |", "| `ghost` | gone | - |\n| `vm` |");
    assert_one(
        &check(&ghost, &members()),
        "ARCHITECTURE.md:6: ",
        "for no crate",
    );
}

#[test]
fn an_engine_that_uses_an_engine_is_a_fault() {
    assert_none(&table::check_engines(ARCHITECTURE, &members()));
    let mut wrong = members();
    wrong[2] = member("client", &["oci", "vm"]);
    let faults = table::check_engines(ARCHITECTURE, &wrong);
    assert_one(
        &faults,
        "crates/client/Cargo.toml: ",
        "the engine client uses the engine vm",
    );
}

#[test]
fn a_pure_crate_bans_input_and_output() {
    let read = |path: &str| (path == "crates/oci/clippy.toml").then(|| CLIPPY.to_owned());
    assert_none(&purity::check(ARCHITECTURE, &members(), read));
    let faults = purity::check(ARCHITECTURE, &members(), |_| None);
    assert_one(&faults, "crates/oci/clippy.toml: ", "ban std::env::var,");
    let without_clock = CLIPPY.replace("std::time::Instant::now", "std::time::Instant::elapsed");
    let faults = purity::check(ARCHITECTURE, &members(), |_| Some(without_clock.clone()));
    assert_one(
        &faults,
        "crates/oci/clippy.toml: ",
        "ban std::time::Instant::now",
    );
}

#[test]
fn a_pure_crate_uses_no_runtime() {
    let mut wrong = members();
    wrong[0].dependencies.insert("tokio".to_owned());
    let faults = purity::check(ARCHITECTURE, &wrong, |_| Some(CLIPPY.to_owned()));
    assert_one(&faults, "crates/oci/Cargo.toml: ", "does not use tokio");
}
