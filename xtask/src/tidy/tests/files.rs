//! Tests of sizes, markers, module style, sibling tests and duplicates.

use std::fmt::Write;

use super::super::duplicates::{self, RUN, Source};
use super::super::fault::Fault;
use super::super::{markers, sibling_tests, size, style, syntax};
use super::{assert_none, assert_one};

#[test]
fn a_file_of_501_lines_is_a_fault() {
    let longest = "let a = 1;\n".repeat(500);
    assert!(size::check("a.rs", &longest).is_none());
    let longer = longest + "let b = 2;\n";
    assert_one(
        &Vec::from_iter(size::check("a.rs", &longer)),
        "a.rs: ",
        "501 lines; split it",
    );
}

#[test]
fn a_marker_is_a_fault() {
    let text = format!("a\n// {}: later\n", concat!("TO", "DO"));
    assert_one(&markers::check("a.sh", &text), "a.sh:2: ", "stray");
}

#[test]
fn mod_rs_is_a_fault() {
    assert!(style::check("a/b.rs").is_none());
    assert_one(
        &Vec::from_iter(style::check("a/b/mod.rs")),
        "a/b/mod.rs: ",
        "git mv a/b/mod.rs a/b.rs",
    );
}

#[test]
fn tests_among_code_are_a_fault() {
    let check = |path, text| sibling_tests::check(path, &syntax::read(text).unwrap());
    assert_none(&check("a.rs", "#[cfg(test)]\nmod tests;"));
    let braces = "#[cfg(test)]\nmod tests { #[test] fn t() {} }";
    assert_one(
        &check("a/b.rs", braces),
        "a/b.rs:2: ",
        "move them to a/b/tests.rs",
    );
    let loose = "#[tokio::test]\nasync fn t() {}";
    assert_one(
        &check("a/lib.rs", loose),
        "a/lib.rs:2: ",
        "move them to a/tests.rs",
    );
}

/// Makes `count` lines that the check of duplicates compares.
fn lines(count: usize) -> String {
    let mut text = String::new();
    for number in 0..count {
        writeln!(text, "    call({number});").unwrap();
    }
    text
}

fn duplicates_of(one: &str, other: &str) -> Vec<Fault> {
    let source = |path, text| Source {
        path,
        text,
        tests: &[],
    };
    duplicates::check(&[source("a.rs", one), source("b.rs", other)])
}

#[test]
fn twelve_equal_lines_are_a_fault() {
    let (one, other) = (
        format!("fn a() {{\n{}}}", lines(RUN)),
        format!("fn b() {{\n{}}}", lines(RUN)),
    );
    assert_eq!(RUN, 12);
    assert_one(
        &duplicates_of(&one, &other),
        "b.rs:2: ",
        "12 lines up to 13 stand at a.rs:2",
    );
    assert_none(&duplicates_of(&lines(RUN - 1), &lines(RUN - 1)));
}

#[test]
fn space_comments_and_imports_hide_no_duplicate_and_make_none() {
    let spaced = lines(RUN).replace(
        '\n',
        "  // why\n\n\t}\n// a comment\nuse a::{\n    b,\n};\n",
    );
    assert_one(&duplicates_of(&lines(RUN), &spaced), "b.rs:1: ", "12 lines");
    let imports = "use a::b;\n".repeat(2 * RUN);
    assert_none(&duplicates_of(&imports, &imports));
}

#[test]
fn a_long_run_is_one_fault_and_a_file_may_repeat_itself_at_once() {
    assert_one(
        &duplicates_of(&lines(50), &lines(50)),
        "b.rs:1: ",
        "50 lines",
    );
    assert_none(&duplicates_of(&"    call(0);\n".repeat(RUN + 5), ""));
    let twice = lines(RUN).repeat(2);
    assert_one(&duplicates_of(&twice, ""), "a.rs:13: ", "stand at a.rs:1");
}

#[test]
fn test_code_may_repeat() {
    let text = format!(
        "#[cfg(test)]\nmod tests {{\n{}\n}}",
        lines(RUN).replace("    call(", "const A: () = f(")
    );
    let facts = syntax::read(&text).unwrap();
    let source = |path| Source {
        path,
        text: &text,
        tests: &facts.test_lines,
    };
    assert_none(&duplicates::check(&[source("a.rs"), source("b.rs")]));
}
