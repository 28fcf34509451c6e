//! Takes from this process what it does not need, before it reads the first byte of a guest.
//!
//! Afterwards it may make TCP connections, ask the system's resolver, and use the descriptors that it has.
//! It cannot write a file, start a program, see other processes' memory, or become another user. What the
//! kernel does not have is told and left out: the holder's `system check` says the same.

use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetCreatedAttr,
    Scope, path_beneath_rules,
};
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
use rustix::thread::{
    Gid, Uid, set_no_new_privs, set_thread_groups, set_thread_res_gid, set_thread_res_uid,
};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule,
};

/// What the C library's resolver reads, and the authorities of servers.
const READABLE: [&str; 7] = [
    "/etc",
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/share/ca-certificates",
    "/run/systemd/resolve",
];

/// Numbers that no system gives to users; see `docs/design/machines.md`, the jail of QEMU.
const FIRST_USER: u32 = 1_879_048_192;
/// The user that owns nothing, where the others do not exist.
const NOBODY: u32 = 65_534;

/// The most open files: two for each connection, and some.
const MOST_FILES: u64 = 8192;

/// Calls that this program never makes, and whoever has taken it over would.
const REFUSED: [libc::c_long; 46] = [
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_kcmp,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pidfd_send_signal,
    libc::SYS_kill,
    libc::SYS_tkill,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_open_tree,
    libc::SYS_move_mount,
    libc::SYS_fsopen,
    libc::SYS_fsmount,
    libc::SYS_mount_setattr,
    libc::SYS_open_by_handle_at,
    libc::SYS_name_to_handle_at,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_kexec_load,
    libc::SYS_reboot,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_personality,
    libc::SYS_listen,
    libc::SYS_setuid,
    libc::SYS_setgid,
    libc::SYS_setgroups,
    libc::SYS_capset,
];

/// What could not be taken.
#[derive(Debug, Default)]
pub(crate) struct Confinement {
    /// Why, in words, for each part that is missing.
    pub(crate) missing: Vec<String>,
}

/// Confines this process, which must have one thread.
pub(crate) fn enter() -> Confinement {
    let mut confinement = Confinement::default();
    let mut part = |name: &str, outcome: Result<(), String>| {
        if let Err(reason) = outcome {
            confinement.missing.push(format!("{name}: {reason}"));
        }
    };
    part("limits", limits().map_err(text));
    part("user", user().map_err(text));
    part("no new privileges", set_no_new_privs(true).map_err(text));
    part("files", files());
    part("system calls", calls());
    confinement
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// No core, which would have secrets in it; as many connections as the system permits.
fn limits() -> Result<(), rustix::io::Errno> {
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Core, none)?;
    let files = rustix::process::getrlimit(Resource::Nofile);
    let most = Rlimit {
        current: Some(files.maximum.unwrap_or(MOST_FILES).min(MOST_FILES)),
        ..files
    };
    setrlimit(Resource::Nofile, most)
}

/// Root becomes a user of this process alone, which takes all capabilities with it.
fn user() -> Result<(), rustix::io::Errno> {
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let own = FIRST_USER
        + rustix::process::getpid()
            .as_raw_nonzero()
            .get()
            .unsigned_abs();
    set_thread_groups(&[])?;
    become_user(own).or_else(|_| become_user(NOBODY))
}

fn become_user(number: u32) -> Result<(), rustix::io::Errno> {
    let (user, group) = (Uid::from_raw(number), Gid::from_raw(number));
    set_thread_res_gid(group, group, group)?;
    set_thread_res_uid(user, user, user)
}

fn files() -> Result<(), String> {
    let access = AccessFs::from_all(ABI::V5);
    let readable = AccessFs::ReadFile | AccessFs::ReadDir;
    let rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(access)
        .and_then(|rules| rules.scope(Scope::Signal | Scope::AbstractUnixSocket))
        .and_then(Ruleset::create)
        .and_then(|rules| rules.add_rules(path_beneath_rules(READABLE, readable)))
        .and_then(|rules| rules.add_rules(path_beneath_rules(resolver_folders(), readable)))
        .and_then(|rules| rules.restrict_self());
    match rules.map_err(text)?.ruleset {
        landlock::RulesetStatus::NotEnforced => Err("the kernel has no Landlock".to_owned()),
        _ => Ok(()),
    }
}

/// Where the files of the C library's resolver are that are links to elsewhere.
fn resolver_folders() -> Vec<PathBuf> {
    let files = [
        "resolv.conf",
        "hosts",
        "nsswitch.conf",
        "gai.conf",
        "host.conf",
    ];
    let found = files.iter().filter_map(|name| {
        let file = std::fs::canonicalize(Path::new("/etc").join(name)).ok()?;
        Some(file.parent()?.to_owned())
    });
    found.filter(|folder| folder != Path::new("/")).collect()
}

/// Sockets of other families than those of the Internet and of the kernel's routes are refused: over UNIX
/// sockets, programs take orders from this user.
fn other_sockets() -> Result<SeccompRule, String> {
    let families = [libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK];
    let other = families.map(|family| {
        let family = u64::from(family.unsigned_abs());
        SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, family)
    });
    let other: Result<Vec<_>, _> = other.into_iter().collect();
    SeccompRule::new(other.map_err(text)?).map_err(text)
}

fn calls() -> Result<(), String> {
    let refused = REFUSED.iter().map(|number| (*number, Vec::new()));
    let refused = refused.chain([(libc::SYS_socket, vec![other_sockets()?])]);
    let architecture = std::env::consts::ARCH.try_into().map_err(text_of)?;
    let filter = SeccompFilter::new(
        refused.collect(),
        SeccompAction::Allow,
        SeccompAction::Errno(libc::EPERM.unsigned_abs()),
        architecture,
    );
    let program: BpfProgram = filter.and_then(TryInto::try_into).map_err(text)?;
    seccompiler::apply_filter(&program).map_err(text)
}

fn text_of(error: seccompiler::BackendError) -> String {
    error.to_string()
}
