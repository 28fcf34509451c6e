//! Brings a disk to its device while it is still being made.
//!
//! A kernel begins to write back only when a tenth of the memory is dirty. Without this, the caller's
//! sync at the end would wait for nearly the whole disk.

use std::fs::File;
use std::io;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

/// Bytes written before they are brought to the device.
const STEP: u64 = 128 << 20;

/// Syncs a file from a thread of its own, again and again.
#[derive(Default)]
pub(super) struct Writeback {
    pending: u64,
    worker: Option<Worker>,
}

struct Worker {
    wake: SyncSender<()>,
    thread: JoinHandle<io::Result<()>>,
}

impl Writeback {
    /// Counts what was written to the file.
    pub(super) fn wrote(&mut self, file: &File, bytes: usize) -> io::Result<()> {
        self.pending += bytes as u64;
        if self.pending < STEP {
            return Ok(());
        }
        self.pending = 0;
        if self.worker.is_none() {
            let file = file.try_clone()?;
            let (wake, woken) = sync_channel(1);
            let work = move || woken.iter().try_for_each(|()| file.sync_data());
            let thread = std::thread::Builder::new().name("writeback".into());
            self.worker = Some(Worker {
                wake,
                thread: thread.spawn(work)?,
            });
        }
        if let Some(worker) = &self.worker {
            // One that is at work will see this, too; one that failed tells at the end.
            let _ = worker.wake.try_send(());
        }
        Ok(())
    }

    /// Waits for the thread, and tells what it met: a kernel reports a failed write only once.
    pub(super) fn finish(self) -> io::Result<()> {
        let Some(Worker { wake, thread }) = self.worker else {
            return Ok(());
        };
        drop(wake);
        thread
            .join()
            .unwrap_or_else(|_| Err(io::Error::other("the thread that syncs the disk panicked")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_come_out_at_the_end() {
        // A pipe cannot be synced.
        let (_reader, writer) = io::pipe().unwrap();
        let file = File::from(std::os::fd::OwnedFd::from(writer));
        let mut writeback = Writeback::default();
        for _ in 0..4 {
            writeback.wrote(&file, 100 << 20).unwrap();
        }
        writeback.finish().unwrap_err();
        Writeback::default().finish().unwrap();
    }
}
