//! Checks that there are no upward imports: a module does not use what a module above it defines.
//!
//! A module uses its children, so a child that uses its parent makes a circle of two. What both
//! need belongs in a leaf beside the child.

use super::arrows::Arrow;
use super::fault::{Check, Fault};

/// Finds the upward arrows.
pub(crate) fn check(arrows: &[Arrow<'_>]) -> Vec<Fault> {
    let upward = arrows.iter().filter(|arrow| arrow.is_upward());
    upward
        .map(|arrow| {
            let (spelling, to) = (&arrow.spelling, arrow.to_file);
            let text = format!(
                "upward import of {spelling} from {to}: move what both need into a module beside \
                 this one, or pass it as an argument"
            );
            Fault::new(Check::Upward, arrow.from_file, arrow.line, text).about(arrow.subject())
        })
        .collect()
}
