//! Retention, collection and check: what may go, how it goes, and whether the rest is whole.
//!
//! [`retention`] decides and does no I/O. [`Collector`] carries out what it decides, then
//! removes what nothing refers to any more, while everybody goes on to push and pull.
//! [`Check`] compares what the metadata says with what the objects hold.

mod age;
mod check;
mod collector;
pub mod retention;
mod settings;

pub use check::{Action, Check, CheckEvent, CheckOptions, CheckSummary, Fault, Finding};
pub use collector::{CollectionPlan, Collector, Planned, Report, Stage};
pub use settings::Settings;
