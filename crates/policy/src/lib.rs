//! What an agent may reach: documents, rules and decisions. Pure functions; no I/O.
//!
//! A policy is compiled from documents, each with an origin by which its rules are named
//! ([`Policy::compile`]); [`read()`] makes a document of a policy as people write it, in our form or
//! in Lens's. Whatever is not understood is denied.
//!
//! ```text
//! host        a host, *.domain, an address, a network, everything
//! path        /a/*/b and /a/**: what satisfies a rule, and what only a rule that denies
//! compiled    one rule, ready to be asked
//! index       from a host to the rules that name it
//! matching    which of several rules decides
//! read        from what is written to a document
//! import      from the policies of other tools to a document
//! learn       from what was reached to a document
//! ```

mod compiled;
mod decision;
mod document;
mod fault;
mod host;
mod import;
mod index;
mod learn;
mod matching;
mod path;
mod policy;
mod ports;
mod read;
mod target;
#[cfg(test)]
mod tests;
mod verdict;

pub use decision::{Access, Decision, RuleId};
pub use document::{Document, Layer, Rule};
pub use fault::Fault;
pub use import::{ImportError, Imported, Tool, import};
pub use learn::{Reached, learn};
pub use policy::Policy;
pub use read::read;
pub use target::{Host, Request, Target};
pub use verdict::Verdict;
