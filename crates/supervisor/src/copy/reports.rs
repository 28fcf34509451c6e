//! What the guest reports of a copy, which is bounded: it may send anything.

use lazaret_protocol::{CopyFault, CopyReport};
use lazaret_tar::{Class, Copied};

use super::request::{CopyNews, CopySink};
use crate::Error;

/// Longest report in bytes.
const LINE_BYTES: usize = 64 * 1024;
/// Most warnings that are passed on.
const MOST_WARNINGS: u32 = 100;

/// The reports of one copy.
pub(super) struct Reports {
    machine: String,
    sink: CopySink,
    line: Vec<u8>,
    warnings: u32,
    failed: Option<Error>,
    done: Option<Copied>,
}

impl Reports {
    pub(super) fn new(machine: &str, sink: CopySink) -> Self {
        Self {
            machine: machine.to_owned(),
            sink,
            line: Vec::new(),
            warnings: 0,
            failed: None,
            done: None,
        }
    }

    /// Takes a piece of the guest's standard error.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let room = LINE_BYTES.saturating_sub(self.line.len());
            self.line.extend_from_slice(&piece[..piece.len().min(room)]);
            if piece.ends_with(b"\n") {
                let line = std::mem::take(&mut self.line);
                self.report(&line);
            }
        }
    }

    /// Its failure, if it told one.
    pub(super) fn failure(&mut self) -> Option<Error> {
        self.failed.take()
    }

    /// What it has copied, if it told so.
    pub(super) fn copied(&self) -> Option<Copied> {
        self.done
    }

    fn report(&mut self, line: &[u8]) {
        // Anything else is no report.
        match serde_json::from_slice(line) {
            Ok(CopyReport::Warning(warning)) => {
                self.warnings += 1;
                let text = match self.warnings {
                    ..=MOST_WARNINGS => warning,
                    // One more says that there are more.
                    _ if self.warnings == MOST_WARNINGS + 1 => "there are more warnings".to_owned(),
                    _ => return,
                };
                let machine = &self.machine;
                (self.sink)(CopyNews::Warning(format!("machine '{machine}': {text}")));
            }
            Ok(CopyReport::Failed { fault, message }) => {
                self.failed = Some(Error::MachineCopy {
                    machine: self.machine.clone(),
                    message,
                    class: class(fault),
                });
            }
            Ok(CopyReport::Done { files, bytes }) => self.done = Some(Copied { files, bytes }),
            Err(_) => {}
        }
    }
}

fn class(fault: CopyFault) -> Class {
    match fault {
        CopyFault::NotFound => Class::NotFound,
        CopyFault::Conflict => Class::Conflict,
        CopyFault::Invalid => Class::Invalid,
        CopyFault::Storage => Class::Storage,
    }
}

#[cfg(test)]
mod tests;
