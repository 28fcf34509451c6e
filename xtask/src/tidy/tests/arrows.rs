//! Tests of the arrows between the files of a crate.

use super::super::arrows::arrows;
use super::super::fault::Fault;
use super::super::modules::Modules;
use super::super::{circles, upward};
use super::{assert_none, assert_one, sources};

/// A crate without faults: the parent uses its children, the children use a leaf beside them.
const CRATE: &[(&str, &str)] = &[
    (
        "c/src/lib.rs",
        "mod a; mod error;\npub use error::Error;\npub use a::{A, run};",
    ),
    ("c/src/error.rs", "pub struct Error;"),
    (
        "c/src/a.rs",
        "mod b;\nmod leaf;\npub use leaf::A;\npub fn run() { b::go(A) }",
    ),
    (
        "c/src/a/b.rs",
        "use super::leaf::A;\nuse crate::Error;\npub fn go(_: A) -> Error { Error }",
    ),
    ("c/src/a/leaf.rs", "pub struct A;"),
];

fn check(changes: &[(&str, &str)], cut: &[&str]) -> Vec<Fault> {
    let mut sources = sources(CRATE);
    sources.extend(self::sources(changes));
    let modules = Modules::read("c/src/lib.rs", &sources);
    let arrows = arrows(&modules);
    let mut faults = upward::check(&arrows);
    faults.extend(circles::check(&arrows, cut));
    faults
}

#[test]
fn a_tree_whose_arrows_point_down_is_fine() {
    assert_none(&check(&[], &[]));
}

#[test]
fn an_upward_import_is_a_fault() {
    let b = "use super::leaf::A;\nuse super::run;\npub fn go(_: A) { run() }";
    assert_one(
        &check(&[("c/src/a/b.rs", b)], &[]),
        "c/src/a/b.rs:2: ",
        "upward import of super::run",
    );
}

#[test]
fn an_upward_path_without_use_is_a_fault() {
    let b = "pub fn go(_: crate::A) {\n    crate::a::run()\n}";
    assert_one(
        &check(&[("c/src/a/b.rs", b)], &[]),
        "c/src/a/b.rs:2: ",
        "from c/src/a.rs",
    );
}

#[test]
fn an_upward_path_in_a_macro_or_a_glob_is_a_fault() {
    let b = "pub fn go(_: crate::A) {\n    println!(\"{}\", super::run())\n}";
    assert_one(
        &check(&[("c/src/a/b.rs", b)], &[]),
        "c/src/a/b.rs:2: ",
        "upward import",
    );
    let b = "use super::*;\npub fn go(_: A) {\n    run()\n}";
    assert_one(
        &check(&[("c/src/a/b.rs", b)], &[]),
        "c/src/a/b.rs:3: ",
        "upward import of run",
    );
    let b = "#[serde(with = \"super::run\")]\npub fn go(_: crate::A) {}";
    assert_one(
        &check(&[("c/src/a/b.rs", b)], &[]),
        "c/src/a/b.rs:1: ",
        "upward import",
    );
}

#[test]
fn an_upward_import_through_a_re_export_or_an_ancestor_module_is_a_fault() {
    let b = "pub fn go(_: crate::A) {\n    crate::run()\n}";
    assert_one(
        &check(&[("c/src/a/b.rs", b)], &[]),
        "c/src/a/b.rs:2: ",
        "from c/src/a.rs",
    );
    let b = "use crate::a;\npub fn go(_: a::A) {\n    a::run()\n}";
    assert_one(
        &check(&[("c/src/a/b.rs", b)], &[]),
        "c/src/a/b.rs:3: ",
        "a::run from c/src/a.rs",
    );
}

#[test]
fn tests_may_import_upward() {
    let b = "pub fn go(_: super::A) {}\n#[cfg(test)]\nmod tests;";
    let tests = "use crate::a::run;\n#[test]\nfn t() { run() }";
    let braces = "pub fn go(_: super::A) {}\n#[cfg(test)]\nmod tests { use crate::a::run; }";
    assert_none(&check(
        &[("c/src/a/b.rs", b), ("c/src/a/b/tests.rs", tests)],
        &[],
    ));
    assert_none(&check(&[("c/src/a/b.rs", braces)], &[]));
}

#[test]
fn a_circle_of_siblings_is_a_fault() {
    let error = "pub struct Error(crate::A);";
    let faults = check(&[("c/src/error.rs", error)], &[]);
    assert_one(&faults, "c/src/", "circle of a, error");
    assert!(
        faults[0]
            .to_string()
            .contains("error -> a: c/src/error.rs:1 crate::A")
    );
}

#[test]
fn a_circle_round_corners_is_a_fault() {
    let changes = [
        (
            "c/src/a.rs",
            "mod b; mod d; mod leaf;\npub use leaf::A;\npub fn run() { b::go(A) }",
        ),
        ("c/src/a/leaf.rs", "pub struct A(super::d::D);"),
        (
            "c/src/a/d.rs",
            "pub type D = fn();\npub const D: D = || super::b::go(todo());",
        ),
    ];
    assert_one(&check(&changes, &[]), "c/src/a/", "circle of b, d, leaf");
}

#[test]
fn an_arrow_that_is_cut_closes_no_circle_and_an_idle_exception_is_a_fault() {
    let error = "pub struct Error(crate::A);";
    let circle = [("c/src/error.rs", error)];
    assert_none(&check(&circle, &["c/src/error.rs -> c/src/a/leaf.rs"]));
    let idle = check(&[], &["c/src/a/b.rs -> c/src/error.rs"]);
    assert_one(&idle, "c/src/a/b.rs:2: ", "excuses no circle");
}

#[test]
fn a_module_in_braces_belongs_to_its_file() {
    let error = "pub struct Error;\nmod inner { use super::Error; }";
    assert_none(&check(&[("c/src/error.rs", error)], &[]));
}
