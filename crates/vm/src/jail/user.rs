//! Whose rights QEMU has.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::process::{getegid, geteuid, getpid};
use rustix::thread::{CapabilitySet, Gid, Uid};

/// Numbers that no system gives away: above those of containers (systemd's `UIDS-GIDS.md`) and below 2^31.
/// The process that starts QEMU adds its own number, so that no two machines have the same user.
const FIRST: u32 = 1_879_048_192;
/// The user that owns nothing, where the others do not exist: in a container.
const NOBODY: u32 = 65_534;

/// The user of a process.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum User {
    /// As whoever starts it.
    Same,
    /// A user that owns nothing; it may have the group of `/dev/kvm`.
    Own {
        uid: Uid,
        gid: Gid,
        groups: Vec<Gid>,
    },
    /// The same one, in a user namespace that gives it no rights outside.
    Namespace { uids: String, gids: String },
}

/// What this process may do to its children.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rights {
    pub(super) is_root: bool,
    /// It may make namespaces without one for users.
    pub(super) is_admin: bool,
    /// It may give up its user, and still end what runs as the other one.
    pub(super) may_change_user: bool,
}

impl Rights {
    pub(super) fn of_this_process() -> Self {
        let sets = rustix::thread::capabilities(None);
        let effective = sets.map_or(CapabilitySet::empty(), |sets| sets.effective);
        let changing = CapabilitySet::SETUID | CapabilitySet::SETGID | CapabilitySet::KILL;
        Self {
            is_root: geteuid().is_root(),
            is_admin: effective.contains(CapabilitySet::SYS_ADMIN),
            may_change_user: effective.contains(changing),
        }
    }
}

/// The user for `program`, or why it runs as the same one.
pub(super) fn choose(rights: Rights, program: &Path, uses_kvm: bool) -> Result<User, String> {
    if !rights.is_root {
        return Ok(User::Namespace {
            uids: format!("{NOBODY} {} 1", geteuid().as_raw()),
            gids: format!("{NOBODY} {} 1", getegid().as_raw()),
        });
    }
    if !rights.may_change_user {
        return Err(
            "this root may not change its user (CAP_SETUID, CAP_SETGID, CAP_KILL)".to_owned(),
        );
    }
    let mode = fs::metadata(program).map_or(0, |metadata| metadata.mode());
    if mode & 0o5 != 0o5 {
        return Err(format!("others may not execute {}", program.display()));
    }
    let mut groups = Vec::new();
    if uses_kvm && let Ok(device) = fs::metadata("/dev/kvm") {
        match device.mode() {
            mode if mode & 0o6 == 0o6 => {}
            mode if mode & 0o60 == 0o60 => groups.push(Gid::from_raw(device.gid())),
            _ => return Err("only root may use /dev/kvm".to_owned()),
        }
    }
    let own = FIRST + getpid().as_raw_nonzero().get().unsigned_abs();
    let exists = |id: u32| {
        ["uid_map", "gid_map"].iter().all(|name| {
            let map = fs::read_to_string(format!("/proc/self/{name}"));
            map.is_ok_and(|map| has(&map, id))
        })
    };
    let id = [own, NOBODY].into_iter().find(|id| exists(*id));
    let id = id.ok_or("this user namespace has no further users")?;
    Ok(User::Own {
        uid: Uid::from_raw(id),
        gid: Gid::from_raw(id),
        groups,
    })
}

/// Whether a map of user_namespaces(7) has an id within.
pub(super) fn has(map: &str, id: u32) -> bool {
    map.lines().any(|line| {
        let mut fields = line.split_ascii_whitespace().map(str::parse::<u64>);
        let (Some(Ok(first)), Some(Ok(_)), Some(Ok(count))) =
            (fields.next(), fields.next(), fields.next())
        else {
            return false;
        };
        (first..first.saturating_add(count)).contains(&u64::from(id))
    })
}
