//! What an upstream does wrong, and for which requests.

use super::gate::Gate;
use super::seen::Seen;

/// A deviation from the right answer.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// This status without content.
    Status(u16),
    /// The same with headers.
    Refusal(u16, Vec<(&'static str, String)>),
    /// No answer at all, while the connection stays open.
    Silence,
    /// No header before the gate is open.
    Hold(Gate),
    /// That many bytes of the body, and the rest when the gate is open.
    Pause(u64, Gate),
    /// That many bytes of the body, then the end of the connection.
    Cut(u64),
    /// Other bytes of the same number.
    Lie,
    /// The whole blob, whatever range was asked for.
    Whole,
    /// A redirect to this URL.
    Redirect(u16, String),
    /// A redirect to this server with the same target.
    Elsewhere(String),
    /// A further header.
    Header(&'static str, String),
}

/// A fault for some requests.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) method: &'static str,
    /// A part of the target.
    pub(super) part: String,
    /// Number of requests that it still counts for.
    pub(super) left: Option<usize>,
    pub(super) fault: Fault,
}

impl Rule {
    pub(super) fn fits(&self, seen: &Seen) -> bool {
        let of_method = self.method == "*" || self.method == seen.method;
        of_method && self.left != Some(0) && seen.target.contains(&self.part)
    }
}
