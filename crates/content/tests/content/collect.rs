//! Tests of the collector and the check, with real metadata and files.

mod actors;
mod check;
mod collector;
mod explorer;
mod gated;
mod ledger;
mod torture;
mod world;
