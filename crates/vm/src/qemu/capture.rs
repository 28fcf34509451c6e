//! Captures a running machine, so that others begin where it was.
//!
//! ```text
//! machine, stopped --memory, piece by piece--> files without a name   (pmemsave)
//!    |             --state of the devices----> a file without a name  (xen-save-devices-state)
//!    v goes on                                     | written
//! running                                      a template
//! ```
//! QEMU's migration would not do: it leaves only memory where it is that is shared with a file, which
//! that of a machine from a template is not, and it refuses disks of several files altogether. The
//! state of the devices alone has the same format.

use std::fs::File;
use std::os::fd::AsFd as _;
use std::path::Path;

use lazaret_files::blocking;
use lazaret_protocol::Hello;
use serde_json::{Value, json};

use super::Qemu;
use super::machine::Machine;
use super::qmp::Command;
use super::save::capabilities;
use crate::template::{MAX_STATE_BYTES, TemplateKey};
use crate::{Error, LaunchPlan, Template};

/// Size of the pieces in which memory is written: each is one command, which has to end in time.
const PIECE_BYTES: u64 = 1 << 30;
/// Where the memory goes on that does not fit below the devices.
const HIGH: u64 = 1 << 32;
/// The memory region below that, which is as large as the memory unless that is too large.
const LOW_REGION: &str = "/machine/unattached/ram-below-4g[0]";

/// The set in which QEMU keeps our files.
const SET: u64 = 1;

/// The beginning of a stream with the state of a machine: `QEMU_VM_FILE_MAGIC` and
/// `QEMU_VM_FILE_VERSION`.
const HEADER: &[u8] = b"QEVM\0\0\0\x03";
/// `QEMU_VM_CONFIGURATION`, which follows it: the type of the machine, and that memory stays where it
/// is ([`capabilities`]). A migration begins with it; the state of devices alone has none.
const CONFIGURATION: &[u8] = b"\x07\0\0\0\x07microvm\
    \x05\x1aconfiguration/capabilities\0\0\0\x01\0\0\0\x01\x0fx-ignore-shared";
/// `QEMU_VM_VMDESCRIPTION`, which ends it, with four bytes of length and nothing to say. Without it
/// QEMU complains, and goes on.
const DESCRIPTION: &[u8] = b"\x06\0\0\0\x02{}";

/// The memory and devices of a machine at one moment.
#[derive(Debug)]
pub struct Captured {
    pieces: Vec<Piece>,
    state: Vec<u8>,
    key: TemplateKey,
    memory_mib: u64,
}

/// A piece of memory.
#[derive(Debug)]
struct Piece {
    /// Offset in the memory.
    offset: u64,
    content: File,
}

impl Drop for Piece {
    fn drop(&mut self) {
        // QEMU may have the file open until the next time.
        let _only_for_its_room = self.content.set_len(0);
    }
}

impl Machine {
    /// Stops the machine, which was started with this plan, and captures its memory and devices.
    /// Nothing may be on its way between its guest and the host ([`crate::Rest`]). The machine stays
    /// stopped until [`Machine::resume`], also after an error; its disks are complete meanwhile.
    ///
    /// # Errors
    /// [`Error::Monitor`]; [`Error::Io`] for the files.
    pub async fn capture(&self, qemu: &Qemu, plan: &LaunchPlan) -> Result<Captured, Error> {
        let key = qemu.template_key(plan)?;
        // Those of an earlier capture: QEMU closes files only while the guest runs.
        let stale = json!({ "fdset-id": SET });
        let _none = self
            .monitor
            .execute(Command::with("remove-fd", stale))
            .await;
        self.pause().await?;
        let mut pieces = Vec::new();
        for (address, offset, length) in self.layout(plan.memory_mib * 1024 * 1024).await? {
            let content = Template::new_file()?;
            let path = self.share(&content).await?;
            let order = json!({ "val": address, "size": length, "filename": path });
            self.monitor
                .execute(Command::with("pmemsave", order))
                .await?;
            let written = content.metadata().map_err(Error::io("read", "memory"))?;
            if written.len() != length {
                return Err(failed("pmemsave", format!("{} bytes came", written.len())));
            }
            pieces.push(Piece { offset, content });
        }
        let state = self.devices().await?;
        Ok(Captured {
            pieces,
            state,
            key,
            memory_mib: plan.memory_mib,
        })
    }

    /// The pieces of memory: address, offset and length of each in bytes.
    async fn layout(&self, bytes: u64) -> Result<Vec<(u64, u64, u64)>, Error> {
        let order = json!({ "path": LOW_REGION, "property": "size" });
        let low = self
            .monitor
            .execute(Command::with("qom-get", order))
            .await?;
        let low = low.as_u64().filter(|low| *low <= bytes && *low <= HIGH);
        let low =
            low.ok_or_else(|| failed("qom-get", format!("{LOW_REGION} is not understood")))?;
        let pieces = |address: u64, offset: u64, length: u64| {
            let starts = (0..length).step_by(usize::try_from(PIECE_BYTES).unwrap_or(usize::MAX));
            starts.map(move |at| (address + at, offset + at, PIECE_BYTES.min(length - at)))
        };
        let high = pieces(HIGH, low, bytes - low);
        Ok(pieces(0, 0, low).chain(high).collect())
    }

    /// The state of the devices of a machine that is stopped.
    async fn devices(&self) -> Result<Vec<u8>, Error> {
        let file = Template::new_file()?;
        let path = self.share(&file).await?;
        self.monitor
            .execute_all([
                // Part of what is written, and compared when it is read.
                Command::with("migrate-set-capabilities", capabilities()),
                Command::with(
                    "xen-save-devices-state",
                    json!({ "filename": path, "live": false }),
                ),
            ])
            .await?;
        let read = || {
            use std::os::unix::fs::FileExt as _;
            let length = file.metadata()?.len().min(MAX_STATE_BYTES + 1);
            let mut state = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
            file.read_exact_at(&mut state, 0)?;
            Ok(state)
        };
        let state: Vec<u8> = read().map_err(Error::io("read", "the state of the devices"))?;
        complete(&state).map_err(|reason| failed("xen-save-devices-state", reason))
    }

    /// Gives QEMU a file; returns its path there.
    async fn share(&self, file: &File) -> Result<String, Error> {
        let given = Command::add(file.as_fd(), SET);
        let answer: Value = self.monitor.execute(given).await?;
        let number = answer["fd"].as_u64();
        let number = number.ok_or_else(|| failed("add-fd", "there is no number".to_owned()))?;
        Ok(format!("/proc/self/fd/{number}"))
    }
}

impl Captured {
    /// Writes it as a template into `folder`, which must be empty; the record is written last, nothing
    /// is synced. `hello` is what the guest said.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub async fn write(self, folder: &Path, hello: Hello) -> Result<(), Error> {
        let folder = folder.to_owned();
        blocking(move || {
            let memory = Template::new_memory(self.memory_mib)?;
            for piece in self.pieces {
                Template::fill(&memory, piece.offset, &piece.content)?;
            }
            Template::write(&folder, self.key, hello, self.state, memory).map(drop)
        })
        .await
    }
}

/// Makes what a migration sends of the state of devices alone.
fn complete(devices: &[u8]) -> Result<Vec<u8>, String> {
    let Some(sections) = devices.strip_prefix(HEADER) else {
        return Err("the state has another format".to_owned());
    };
    let is_complete = sections.first() == CONFIGURATION.first();
    let configuration = if is_complete { &[] } else { CONFIGURATION };
    let state = [HEADER, configuration, sections, DESCRIPTION].concat();
    if state.len() as u64 > MAX_STATE_BYTES {
        return Err(format!("the state has more than {MAX_STATE_BYTES} bytes"));
    }
    Ok(state)
}

fn failed(command: &'static str, reason: String) -> Error {
    Error::Monitor { command, reason }
}

#[cfg(test)]
mod tests;
