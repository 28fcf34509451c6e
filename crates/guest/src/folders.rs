//! Folders of the host in the workload's root.
//!
//! ```text
//! workload -> kernel -> /dev/fuse -> a thread for each folder -> port -> host
//! workload <- kernel <- /dev/fuse <-       one thread         <- port <- host
//! ```
//! The kernel's messages are carried as they are, each with a head that says which folder it is of. The
//! threads are PID 1's, so nothing that the workload does ends them. When the host's server is gone,
//! every request fails with `EIO`, the ones that wait among them: nobody waits for ever.

use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use lazaret_protocol::{
    BootConfig, FOLDER_HEAD_BYTES, FOLDER_MESSAGE_BYTES, FOLDERS_PORT, FolderHead, FolderMount,
};
use rustix::event::{PollFd, PollFlags};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::mount::MountFlags;

use crate::error::{Context as _, Result};
use crate::inroot::{InRoot, path_of};
use crate::port::Port;
use crate::{modules, mount_point, user};

/// The kernel's end of a folder.
const DEVICE: &str = "/dev/fuse";

/// Numbers of requests (`linux/fuse.h`): those without a reply, and the first one.
const FORGET: u32 = 2;
const FORGET_MANY: u32 = 42;
const INIT: u32 = 26;

/// Where in a request its kind, its number and its user are.
const KIND: std::ops::Range<usize> = 4..8;
const NUMBER: std::ops::Range<usize> = 8..16;
const USER: usize = 24;
const GROUP: usize = 28;

/// The connection to the host's server.
pub(crate) struct Folders {
    link: Arc<Link>,
    /// Who owns what is the host's user's.
    owner: (u32, u32),
}

/// What the threads share.
struct Link {
    port: OwnedFd,
    /// Held while a message is written.
    writing: Mutex<()>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Whether the host is gone.
    is_gone: bool,
    /// The kernel's end of each folder.
    folders: BTreeMap<u32, Arc<OwnedFd>>,
    /// Requests that wait for their reply.
    waiting: BTreeSet<(u32, u64)>,
}

impl Folders {
    /// Connects to the host, if there are folders. The workload's user is that of the image.
    pub(crate) fn connect(root: &InRoot, config: &BootConfig) -> Result<Option<Self>> {
        if config.folders.is_empty() {
            return Ok(None);
        }
        modules::load_all(modules::FOLDERS);
        let link = Arc::new(Link {
            port: Port::connect(FOLDERS_PORT)?.into_fd(),
            writing: Mutex::default(),
            state: Mutex::default(),
        });
        let replies = link.clone();
        spawn("replies", move || carry_replies(&replies))?;
        let text = |path| text_of(root, path).unwrap_or_default();
        let user = user::resolve(
            &config.process.user,
            &text("/etc/passwd"),
            &text("/etc/group"),
        );
        // One that does not exist is the fault of the workload's start, which says so.
        let owner = user.map_or((0, 0), |user| (user.uid, user.gid));
        Ok(Some(Self { link, owner }))
    }

    /// Mounts one of the folders, by its number.
    pub(crate) fn mount(&self, root: &InRoot, number: usize, mount: &FolderMount) -> Result<()> {
        let FolderMount {
            target, is_file, ..
        } = mount;
        let (place, kind) = match is_file {
            true => (mount_point::open_file(root, target, "file")?, "100000"),
            false => (mount_point::open(root, target, "folder")?, "40000"),
        };
        let what = || format!("mount a folder of the host at `{target}`");
        let flags = OFlags::RDWR | OFlags::CLOEXEC;
        let device = rustix::fs::open(DEVICE, flags, Mode::empty());
        let device = device.context(|| {
            format!("open {DEVICE} (has the kernel FUSE? import it again with this version)")
        })?;
        let data = format!(
            "fd={},rootmode={kind},user_id=0,group_id=0,allow_other,default_permissions",
            device.as_raw_fd()
        );
        let data = std::ffi::CString::new(data).map_err(std::io::Error::from);
        let mut flags = MountFlags::NOSUID | MountFlags::NODEV;
        flags.set(MountFlags::RDONLY, mount.read_only);
        let (place, data) = (path_of(&place), data.context(what)?);
        rustix::mount::mount(c"host", &place, c"fuse.lazaret", flags, data.as_c_str())
            .context(what)?;
        let (link, device, owner) = (self.link.clone(), Arc::new(device), self.owner);
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        link.state().folders.insert(number, device.clone());
        spawn("requests", move || {
            carry_requests(&link, number, &device, owner);
        })
    }
}

impl Link {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a request waits for its reply; `false` when there will be none.
    fn expect(&self, request: (u32, u64)) -> bool {
        let mut state = self.state();
        if !state.is_gone {
            state.waiting.insert(request);
        }
        !state.is_gone
    }

    /// Lets a request fail that still waits.
    fn fail(&self, (folder, number): (u32, u64)) {
        let device = {
            let mut state = self.state();
            state.waiting.remove(&(folder, number));
            state.folders.get(&folder).cloned()
        };
        if let Some(device) = device {
            let mut reply = [0; 16];
            let (length, rest) = reply.split_at_mut(4);
            length.copy_from_slice(&16_u32.to_ne_bytes());
            let (error, unique) = rest.split_at_mut(4);
            error.copy_from_slice(&(-Errno::IO.raw_os_error()).to_ne_bytes());
            unique.copy_from_slice(&number.to_ne_bytes());
            let _was_interrupted = rustix::io::write(&device, &reply);
        }
    }

    /// Lets everything fail from now on.
    fn give_up(&self) {
        let waiting = {
            let mut state = self.state();
            state.is_gone = true;
            std::mem::take(&mut state.waiting)
        };
        for request in waiting {
            self.fail(request);
        }
    }

    /// Writes a whole message.
    fn send(&self, mut message: &[u8]) -> Result<(), Errno> {
        let _whole = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        while !message.is_empty() {
            match rustix::io::write(&self.port, message) {
                Ok(written) => message = message.get(written..).unwrap_or_default(),
                Err(Errno::AGAIN) => self.wait(PollFlags::OUT)?,
                Err(Errno::INTR) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Waits until bytes can be written or read.
    fn wait(&self, interest: PollFlags) -> Result<(), Errno> {
        let mut fds = [PollFd::new(&self.port, interest)];
        match rustix::event::poll(&mut fds, None) {
            Ok(_) => {}
            Err(Errno::INTR) => return Ok(()),
            Err(error) => return Err(error),
        }
        let [fd] = fds;
        match fd.revents().contains(interest) && !fd.revents().contains(PollFlags::ERR) {
            true => Ok(()),
            false => Err(Errno::PIPE),
        }
    }
}

/// Carries the kernel's requests for one folder to the host, until it is unmounted.
fn carry_requests(link: &Link, folder: u32, device: &OwnedFd, owner: (u32, u32)) {
    let mut buffer = vec![0; FOLDER_HEAD_BYTES + FOLDER_MESSAGE_BYTES];
    loop {
        let (head, message) = buffer.split_at_mut(FOLDER_HEAD_BYTES);
        let length = match rustix::io::read(device, &mut *message) {
            Ok(length @ 1..) => length,
            // A request that was given up before it was read.
            Err(Errno::INTR | Errno::AGAIN | Errno::NOENT) => continue,
            Ok(_) | Err(_) => return,
        };
        let Some((kind, number)) = read_request(message) else {
            continue;
        };
        if kind == INIT {
            for (at, id) in [(USER, owner.0), (GROUP, owner.1)] {
                if let Some(field) = message.get_mut(at..at + 4) {
                    field.copy_from_slice(&id.to_ne_bytes());
                }
            }
        }
        head.copy_from_slice(
            &FolderHead {
                number: folder,
                length: u32::try_from(length).unwrap_or_default(),
            }
            .encode(),
        );
        let has_reply = !matches!(kind, FORGET | FORGET_MANY);
        let request = (folder, number);
        if has_reply && !link.expect(request) {
            link.fail(request);
            continue;
        }
        let message = buffer.get(..FOLDER_HEAD_BYTES + length);
        if link.send(message.unwrap_or_default()).is_err() {
            link.give_up();
        }
    }
}

/// Kind and number of a request.
fn read_request(message: &[u8]) -> Option<(u32, u64)> {
    let kind = message.get(KIND)?.try_into().ok()?;
    let number = message.get(NUMBER)?.try_into().ok()?;
    Some((u32::from_ne_bytes(kind), u64::from_ne_bytes(number)))
}

/// Carries the host's replies to the kernel, until the host is gone.
fn carry_replies(link: &Link) {
    let mut buffer = vec![0; FOLDER_HEAD_BYTES + FOLDER_MESSAGE_BYTES];
    let mut filled = 0;
    while receive(link, &mut buffer, &mut filled).is_ok() {
        let mut taken = 0;
        while let Some(length) = deliver(link, buffer.get(taken..filled).unwrap_or_default()) {
            match length {
                Ok(length) => taken += length,
                Err(_) => return link.give_up(),
            }
        }
        buffer.copy_within(taken..filled, 0);
        filled -= taken;
    }
    link.give_up();
}

/// Reads some bytes.
fn receive(link: &Link, buffer: &mut [u8], filled: &mut usize) -> Result<(), Errno> {
    loop {
        let rest = buffer.get_mut(*filled..).unwrap_or_default();
        match rustix::io::read(&link.port, rest) {
            Ok(0) => return Err(Errno::PIPE),
            Ok(read) => {
                *filled += read;
                return Ok(());
            }
            Err(Errno::AGAIN) => link.wait(PollFlags::IN)?,
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Gives the first reply in the buffer to the kernel; returns how many bytes it took, or `None` when it
/// is not complete.
fn deliver(link: &Link, bytes: &[u8]) -> Option<Result<usize, Errno>> {
    let (head, rest) = bytes.split_first_chunk()?;
    let Some(head) = FolderHead::decode(*head) else {
        return Some(Err(Errno::PROTO));
    };
    let length = usize::try_from(head.length).unwrap_or(usize::MAX);
    let message = rest.get(..length)?;
    // The number is where it is in requests.
    let Some((_, number)) = read_request(message) else {
        return Some(Err(Errno::PROTO));
    };
    let request = (head.number, number);
    let device = {
        let mut state = link.state();
        state.waiting.remove(&request);
        state.folders.get(&head.number).cloned()
    };
    if let Some(device) = device {
        match rustix::io::write(&device, message) {
            // Who waited has given up, or the folder is unmounted.
            Ok(_) | Err(Errno::NOENT | Errno::NODEV | Errno::PERM) => {}
            // It is no reply to this request.
            Err(_) => link.fail(request),
        }
    }
    Some(Ok(FOLDER_HEAD_BYTES + length))
}

/// The text of a file of the image; `None` when there is none.
fn text_of(root: &InRoot, path: &str) -> Option<String> {
    let object = root.open(Path::new(path)).ok()?;
    let file = path_of(&object);
    // Opening a pipe of the image would wait.
    if !std::fs::metadata(&file).ok()?.is_file() {
        return None;
    }
    let bytes = std::fs::read(&file).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<()> {
    let thread = thread::Builder::new().name(name.to_owned());
    let started = thread.spawn(run).map(drop);
    started.context(|| "start a thread for folders of the host".to_owned())
}

#[cfg(test)]
mod tests;
