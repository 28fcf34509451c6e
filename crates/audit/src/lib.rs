//! Hash-chained logs: one for each machine, of lines that nobody can change, remove or exchange unseen.
//!
//! ```text
//! {"sequence":1,"time":"...","event":{...},"previous":"000...","hash":"H1"}
//! {"sequence":2,"time":"...","event":{...},"previous":"H1","hash":"H2"}
//! ```
//! The hash is the SHA-256 of the line without its `hash`, closed by `}`; `previous` is the hash of the line
//! before, which is 64 zeros for the first one. So the last hash, the *head*, stands for everything before
//! it: who keeps it elsewhere finds out whether the log was written anew, or cut at its end.
//!
//! A log is `<id>.jsonl`; when that is full, it becomes `<id>.<first sequence>.jsonl`, and the chain goes on
//! in a new one. Of older parts so many are kept; that one was dropped is itself a line of the log.
//!
//! The crate knows no events: those of its own are [`OwnEvent`], all others are JSON.

mod error;
mod logs;
mod reader;
mod record;
mod verifier;
mod writer;

pub use error::Error;
pub use logs::Logs;
pub use reader::Reader;
pub use record::{Fault, LONGEST_LINE, OwnEvent, Record};
pub use verifier::{Summary, Verifier};
pub use writer::Writer;
