//! Sessions with workloads and commands, as frames for clients.

mod carry;
mod frame;
mod upgrade;

pub(crate) use carry::carry;
pub(crate) use frame::{Frame, frame};
pub(crate) use upgrade::{CONTENT_TYPE, open};
