//! Tests that exceptions excuse what they name, and are faults when they excuse nothing.

use super::super::exceptions::{Exception, settle};
use super::super::fault::{Check, Fault};
use super::assert_one;

fn long(path: &str) -> Fault {
    Fault::new(Check::Size, path, 0, "long")
}

fn exception(subject: &'static str, reason: &'static str) -> Exception {
    let check = Check::Size;
    Exception {
        check,
        subject,
        reason,
    }
}

#[test]
fn an_exception_excuses_its_fault_alone() {
    let faults = vec![long("a.rs"), long("b.rs")];
    let left = settle(faults, &[exception("a.rs", "it is a table")]);
    assert_one(&left, "b.rs: ", "long");
}

#[test]
fn an_exception_that_excuses_nothing_or_gives_no_reason_is_a_fault() {
    let left = settle(Vec::new(), &[exception("a.rs", "it is a table")]);
    assert_one(&left, "xtask/src/tidy/exceptions.rs: ", "excuses nothing");
    let left = settle(vec![long("a.rs")], &[exception("a.rs", "")]);
    assert_one(&left, "xtask/src/tidy/exceptions.rs: ", "needs a reason");
}
