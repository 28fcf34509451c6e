//! What a process does with itself to be in its jail.
//!
//! It runs between clone and exec, in a copy of a process with many threads: only system calls are made,
//! nothing is allocated, no lock is taken.

use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::io::{Errno, write};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::system::sethostname;
use rustix::thread::{
    CapabilitySet, CapabilitySets, clear_ambient_capability_set, set_capabilities,
    set_no_new_privs, set_thread_groups, set_thread_res_gid, set_thread_res_uid,
};

use super::cell::Cell;
use super::report::{JailMode, JailPart, Outcome};
use super::user::User;
use super::{call, landlock, show};

/// Most descriptors that QEMU may have; it needs about 40.
const DESCRIPTORS: u64 = 1024;
/// More capabilities than there are.
const CAPABILITIES: i32 = 64;

/// Enters the jail and says which parts hold. The caller's process is expected to be a fresh one.
pub(crate) fn enter(cell: &mut Cell) -> Outcome {
    let mut outcome = Outcome::default();
    if cell.mode() == JailMode::Off {
        return outcome;
    }
    if let User::Namespace { uids, gids } = &cell.user {
        outcome.note(JailPart::User, map(uids, gids));
    }
    if cell.unshares {
        outcome.note(JailPart::Ipc, unshare(libc::CLONE_NEWIPC));
        let named = unshare(libc::CLONE_NEWUTS).and_then(|()| sethostname(b"machine"));
        outcome.note(JailPart::HostName, named);
        outcome.note(JailPart::Network, unshare(libc::CLONE_NEWNET));
        if let Some(view) = &cell.view {
            let shown = unshare(libc::CLONE_NEWNS);
            let shown = shown.and_then(|()| show::show(view, &mut cell.trees));
            outcome.note(JailPart::Files, shown);
        }
    }
    outcome.note(JailPart::Privileges, limit(cell.largest_file));
    let bounded = drop_bounds();
    if let User::Own { uid, gid, groups } = &cell.user {
        // With the rights of root, the bounds are those of a program that is executed.
        outcome.note(JailPart::Privileges, bounded);
        let changed = set_thread_groups(groups)
            .and_then(|()| set_thread_res_gid(*gid, *gid, *gid))
            .and_then(|()| set_thread_res_uid(*uid, *uid, *uid));
        outcome.note(JailPart::User, changed);
    }
    outcome.note(JailPart::Privileges, give_up());
    if let Some(rules) = &cell.rules {
        outcome.note(JailPart::Landlock, landlock::restrict(rules));
    }
    outcome.note(JailPart::SystemCalls, filter(&cell.filter));
    outcome
}

/// Makes the user namespace know the user.
fn map(uids: &str, gids: &str) -> Result<(), Errno> {
    let put = |path: &std::ffi::CStr, text: &str| {
        let file = openat(CWD, path, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty())?;
        write(&file, text.as_bytes()).map(drop)
    };
    put(c"/proc/self/setgroups", "deny")?;
    put(c"/proc/self/gid_map", gids)?;
    put(c"/proc/self/uid_map", uids)
}

/// No file may grow beyond the largest that the process was given, and no dump is written.
fn limit(largest_file: u64) -> Result<(), Errno> {
    let exactly = |value| Rlimit {
        current: Some(value),
        maximum: Some(value),
    };
    let most = getrlimit(Resource::Nofile).maximum.unwrap_or(DESCRIPTORS);
    setrlimit(Resource::Core, exactly(0))?;
    setrlimit(Resource::Nofile, exactly(most.min(DESCRIPTORS)))?;
    setrlimit(Resource::Fsize, exactly(largest_file))
}

#[allow(unsafe_code)]
fn unshare(namespace: i32) -> Result<(), Errno> {
    // SAFETY: the call takes a number, and this process shares nothing with its parent's threads.
    call::check(unsafe { libc::unshare(namespace) }.into()).map(drop)
}

/// No program that is executed gets a capability.
#[allow(unsafe_code)]
fn drop_bounds() -> Result<(), Errno> {
    for capability in 0..CAPABILITIES {
        // SAFETY: the call takes numbers.
        let dropped = unsafe { libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0) };
        match call::check(dropped.into()) {
            Ok(_) => {}
            // There are no more.
            Err(Errno::INVAL) => break,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Gives all capabilities up, and the way to get any.
fn give_up() -> Result<(), Errno> {
    let none = CapabilitySets {
        effective: CapabilitySet::empty(),
        permitted: CapabilitySet::empty(),
        inheritable: CapabilitySet::empty(),
    };
    clear_ambient_capability_set()?;
    set_capabilities(None, none)?;
    set_no_new_privs(true)
}

/// Puts the process under a filter of system calls.
#[allow(unsafe_code)]
fn filter(program: &[libc::sock_filter]) -> Result<(), Errno> {
    let length = u16::try_from(program.len()).map_err(|_| Errno::TOOBIG)?;
    let program = libc::sock_fprog {
        len: length,
        filter: program.as_ptr().cast_mut(),
    };
    // SAFETY: the pointer is to a program of the length given, which the kernel copies and does not change.
    let done = unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            libc::SECCOMP_SET_MODE_FILTER,
            0_u32,
            std::ptr::from_ref(&program),
        )
    };
    call::check(done).map(drop)
}
