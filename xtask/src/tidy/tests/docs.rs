//! Tests of doc comments of public items, and of paths in documents.

use std::collections::BTreeSet;

use super::super::fault::Fault;
use super::super::{documents, errors, syntax, units};
use super::{assert_none, assert_one};

fn errors_in(text: &str) -> Vec<Fault> {
    errors::check("a.rs", &syntax::read(text).unwrap())
}

fn units_in(text: &str) -> Vec<Fault> {
    units::check("a.rs", &syntax::read(text).unwrap())
}

#[test]
fn a_result_without_errors_section_is_a_fault() {
    let text = "/// Reads it.\npub fn read() -> Result<(), E> {}";
    assert_one(&errors_in(text), "a.rs:2: ", "read returns Result");
    let empty = "/// Reads it.\n///\n/// # Errors\n///\npub fn read() -> io::Result<()> {}";
    assert_one(&errors_in(empty), "a.rs:5: ", "read returns Result");
}

#[test]
fn results_that_come_later_count_too() {
    for output in [
        "impl Future<Output = Result<(), E>> + Send",
        "BoxFuture<'_, Result<(), E>>",
        "Pin<Box<dyn Future<Output = Result<(), E>> + Send>>",
        "Option<Result<(), E>>",
    ] {
        let text = format!("pub trait T {{\n    fn read(&self) -> {output};\n}}");
        assert_one(&errors_in(&text), "a.rs:2: ", "read returns Result");
    }
}

#[test]
fn what_says_when_it_fails_is_fine_and_so_is_what_is_private_or_a_test() {
    let said = "/// Reads it.\n///\n/// # Errors\n/// Fails if it is gone.\n\
                pub fn read() -> Result<(), E> {}";
    assert_none(&errors_in(said));
    assert_none(&errors_in("pub(crate) fn read() -> Result<(), E> {}"));
    assert_none(&errors_in("impl T for A { fn read() -> Result<(), E> {} }"));
    assert_none(&errors_in(
        "#[cfg(test)]\nmod tests { pub fn read() -> Result<(), E> {} }",
    ));
    assert_none(&errors_in(
        "pub fn each() -> impl Iterator<Item = Result<(), E>> {}",
    ));
}

#[test]
fn a_quantity_without_a_unit_is_a_fault() {
    let field = "pub struct A {\n    /// How big it is.\n    pub size: Option<u64>,\n}";
    assert_one(&units_in(field), "a.rs:3: ", "size is a number");
    let constant = "/// The most.\npub const READ_LIMIT: usize = 4;";
    assert_one(&units_in(constant), "a.rs:2: ", "read_limit");
    let parameter = "/// Reads from there.\npub fn read(offset: u64) {}";
    assert_one(&units_in(parameter), "a.rs:2: ", "offset");
    let vague = "/// The length of the file.\npub fn length(&self) -> u64 {}";
    assert_one(&units_in(vague), "a.rs:2: ", "length");
}

#[test]
fn a_quantity_with_a_unit_or_a_type_that_has_one_is_fine() {
    let field = "pub struct A {\n    /// Size in bytes.\n    pub size: u64,\n}";
    assert_none(&units_in(field));
    assert_none(&units_in(
        "pub struct A {\n    pub timeout: Duration,\n    pub count: u64,\n}",
    ));
    assert_none(&units_in("pub struct A {\n    size: u64,\n}"));
    assert_none(&units_in("pub fn read(size_bytes: u64) {}"));
    assert_none(&units_in(
        "/// Gives at most `limit` names.\npub fn names(limit: usize) {}",
    ));
}

#[test]
fn a_path_that_does_not_exist_is_a_fault() {
    let files: BTreeSet<String> = [
        "docs/guide/run.md",
        "docs/design/why.md",
        "crates/vm/src/lib.rs",
    ]
    .map(str::to_owned)
    .into();
    let check = |text: &str| documents::check("docs/guide/run.md", text, &files);
    assert_none(&check(
        "`crates/vm/src`, `crates/vm/src/lib.rs:7`, `crates/*/src`, [a](../design/why.md#b),\n\
         [b](https://crates/none), [c](#here), `cat docs/guide/run.md`, crates/none, `/etc/none`",
    ));
    assert_one(
        &check("a\n`crates/vm/main.rs`"),
        "docs/guide/run.md:2: ",
        "crates/vm/main.rs",
    );
    assert_one(
        &check("[a](why.md)"),
        "docs/guide/run.md:1: ",
        "why.md does not exist",
    );
    assert_one(
        &check("```\ncat scripts/none.sh\n```"),
        "docs/guide/run.md:2: ",
        "scripts/none.sh",
    );
}
