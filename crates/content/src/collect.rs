//! Retention, collection and check: which content may be deleted, its deletion, and whether the
//! rest is intact.
//!
//! [`retention`] decides and does no I/O. [`Collector`] carries out its decisions, then
//! removes unreferenced content, while clients go on to push and pull.
//! [`Check`] compares the metadata with the objects.

mod age;
mod check;
mod collector;
pub mod retention;
mod settings;

pub use check::{Action, Check, CheckEvent, CheckOptions, CheckSummary, Fault, Finding};
pub use collector::{CollectionPlan, Collector, Planned, Report, Stage};
pub use settings::Settings;
