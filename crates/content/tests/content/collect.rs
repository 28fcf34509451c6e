//! The collector and the check over the real metadata and real files.

mod actors;
mod check;
mod collector;
mod explorer;
mod gated;
mod ledger;
mod torture;
mod world;
