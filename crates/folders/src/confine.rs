//! What the server's process gives up before it reads a request: everything but the folders and the
//! stream.
//!
//! The guest cannot ask for anything outside the folders; this is for the case that the server has a
//! fault. It is the user's process and keeps the user's number, because what it makes is the user's.

mod filter;
mod landlock;

use std::io;

use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit, umask};
use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, clear_ambient_capability_set, set_capabilities,
    set_no_new_privs,
};

use crate::error::Error;
use crate::state::Folder;

/// Most descriptors that are asked for.
const MOST_FILES: u64 = 8192;
/// Descriptors for something else than files of the guest.
const OTHER_FILES: u64 = 64;
/// More capabilities than there are.
const CAPABILITIES: i32 = 64;

/// What root keeps: files of other users may be read and written as by root.
const KEPT: CapabilitySet = CapabilitySet::DAC_OVERRIDE.union(CapabilitySet::FOWNER);

/// Limits of the process.
pub(crate) struct Limits;

impl Limits {
    /// Lets the process open as many files as it may; returns how many that are for each of so many
    /// folders.
    pub(crate) fn raise(folders: usize) -> Result<usize, Error> {
        let limit = getrlimit(Resource::Nofile);
        let most = limit.maximum.unwrap_or(MOST_FILES).min(MOST_FILES);
        let raised = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        setrlimit(Resource::Nofile, raised).map_err(failed("number of files"))?;
        let files = usize::try_from(most.saturating_sub(OTHER_FILES)).unwrap_or_default();
        Ok(files / folders.max(1))
    }
}

/// Confines the process to the folders.
pub(crate) fn enter(folders: &[Folder], strictly: bool) -> Result<(), Error> {
    // The guest's kernel has applied the umask of its process.
    umask(rustix::fs::Mode::empty());
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Core, none).map_err(failed("no dumps"))?;
    give_up().map_err(failed("capabilities"))?;
    set_no_new_privs(true).map_err(failed("no new privileges"))?;
    match landlock::restrict(folders) {
        Err(Errno::NOSYS | Errno::OPNOTSUPP) if !strictly => {}
        restricted => restricted.map_err(failed("files (Landlock)"))?,
    }
    filter::enter().map_err(failed("system calls"))
}

fn failed<E: Into<io::Error>>(part: &'static str) -> impl FnOnce(E) -> Error {
    move |source| Error::Confine {
        part,
        source: source.into(),
    }
}

/// Gives all capabilities up but those that root needs for files.
#[allow(unsafe_code)]
fn give_up() -> Result<(), Errno> {
    let has = capabilities(None)?;
    let kept = has.permitted & KEPT;
    for capability in 0..CAPABILITIES {
        // Who may not do it has none to pass on. Nothing is executed in any case.
        // SAFETY: the call takes numbers.
        unsafe { libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0) };
    }
    clear_ambient_capability_set()?;
    let sets = CapabilitySets {
        effective: has.effective & kept,
        permitted: kept,
        inheritable: CapabilitySet::empty(),
    };
    set_capabilities(None, sets)
}
