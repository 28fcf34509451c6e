//! What is prepared for one process, before it exists.

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use libc::{CLONE_NEWPID, CLONE_NEWUSER, sock_filter};
use rustix::io::Errno;

use super::group::{Group, control_groups};
use super::report::{Jail, JailMode, JailPart, MissingPart, Outcome};
use super::user::{self, Rights, User};
use super::view::View;
use super::{filter, landlock};

/// Parts that are namespaces made by the process itself, or with it.
const NAMESPACES: [JailPart; 5] = [
    JailPart::Processes,
    JailPart::Files,
    JailPart::Network,
    JailPart::Ipc,
    JailPart::HostName,
];

/// What a process needs beside the jail.
#[derive(Debug)]
pub(crate) struct Needs<'a> {
    /// The program, by an absolute path.
    pub(crate) program: &'a Path,
    /// Whether it opens `/dev/kvm`.
    pub(crate) uses_kvm: bool,
    /// Files that it opens again, by the path of a descriptor.
    pub(crate) reopened: &'a [OwnedFd],
    /// Files that it opens again in that way, for writing.
    pub(crate) written: &'a [OwnedFd],
    /// The folder in which it makes sockets and opens files.
    pub(crate) folder: Option<&'a OwnedFd>,
    /// Whether it opens files that others may not read, so that it has to stay the same user.
    pub(crate) keeps_user: bool,
    /// Size of the largest file that it writes, in bytes.
    pub(crate) largest_file: u64,
    /// Memory in MiB and number of processors of its machine, if it has one.
    pub(crate) machine: Option<(u64, u32)>,
}

/// A jail that is ready for one process.
#[derive(Debug)]
pub(crate) struct Cell {
    mode: JailMode,
    /// The path of the program, as it is within the jail: without links.
    program: PathBuf,
    /// Parts that this host or the program does not have.
    known: Vec<MissingPart>,
    pub(super) user: User,
    /// Whether the process may make namespaces.
    pub(super) unshares: bool,
    /// Namespaces that it is born in.
    born_in: u64,
    pub(super) view: Option<View>,
    /// Room for the mounts of the view.
    pub(super) trees: Vec<Option<OwnedFd>>,
    pub(super) rules: Option<OwnedFd>,
    pub(super) filter: Vec<sock_filter>,
    pub(super) largest_file: u64,
    group: Option<Group>,
}

impl Cell {
    /// Prepares a jail. It blocks on files.
    pub(crate) fn prepare(mode: JailMode, needs: &Needs<'_>) -> io::Result<Self> {
        let mut cell = Self {
            mode,
            program: needs.program.to_owned(),
            known: Vec::new(),
            user: User::Same,
            unshares: false,
            born_in: 0,
            view: None,
            trees: Vec::new(),
            rules: None,
            filter: Vec::new(),
            largest_file: needs.largest_file,
            group: None,
        };
        if mode == JailMode::Off {
            return Ok(cell);
        }
        let rights = Rights::of_this_process();
        let devices: &[&str] = match needs.uses_kvm {
            true => &["/dev/urandom", "/dev/kvm"],
            false => &["/dev/urandom"],
        };
        let program = std::fs::canonicalize(needs.program)?;
        cell.view = View::of(&program, devices)?;
        if cell.view.is_some() {
            cell.program.clone_from(&program);
        }
        match &cell.view {
            Some(view) => {
                match landlock::rules(view, needs.reopened, needs.written, needs.folder) {
                    Ok(rules) => cell.rules = Some(rules),
                    Err(error) => {
                        let reason = match error {
                            Errno::NOSYS => "this kernel has no Landlock (5.13)".to_owned(),
                            Errno::OPNOTSUPP => {
                                "Landlock is switched off (kernel parameter lsm=)".to_owned()
                            }
                            error => format!("refused: {error}"),
                        };
                        cell.lacks(&[JailPart::Landlock], &reason);
                    }
                }
            }
            None => {
                let reason = "the hypervisor is a script: what it starts is not known";
                cell.lacks(&[JailPart::Files, JailPart::Landlock], reason);
            }
        }
        let user = match &cell.view {
            None if rights.is_root => {
                Err("the hypervisor is a script: what it opens is not known".to_owned())
            }
            _ if needs.keeps_user && rights.is_root => {
                Err("it opens disks that are this user's".to_owned())
            }
            _ => user::choose(rights, &program, needs.uses_kvm),
        };
        match user {
            Ok(user) => cell.user = user,
            Err(reason) => cell.lacks(&[JailPart::User], &reason),
        }
        cell.born_in = match cell.user {
            User::Namespace { .. } => flags(CLONE_NEWPID | CLONE_NEWUSER),
            _ if rights.is_admin => flags(CLONE_NEWPID),
            _ => 0,
        };
        cell.unshares = cell.born_in != 0;
        if !cell.unshares {
            cell.lacks(
                &NAMESPACES,
                "this root may not make namespaces (CAP_SYS_ADMIN)",
            );
        }
        let mounts = cell.view.as_ref().map_or(0, |view| view.entries.len());
        cell.trees.resize_with(mounts, || None);
        cell.filter = filter::program(needs.folder.is_some());
        if let Some((memory_mib, cpus)) = needs.machine {
            cell.group = control_groups()
                .and_then(|parent| {
                    let group = Group::make(&parent, memory_mib, cpus);
                    group.map_err(|error| error.to_string())
                })
                .inspect_err(|reason| tracing::debug!(%reason, "no control group"))
                .ok();
        }
        Ok(cell)
    }

    /// The version of Landlock that the process is under; `None` when it is not.
    pub(crate) fn landlock(&self) -> Option<usize> {
        self.rules.as_ref().and_then(|_| landlock::version().ok())
    }

    /// The path by which the program is executed.
    pub(crate) fn program(&self) -> &Path {
        &self.program
    }

    /// What the user asked for.
    pub(crate) fn mode(&self) -> JailMode {
        self.mode
    }

    /// The `CLONE_NEW*` flags with which the process is made.
    pub(crate) fn born_in(&self) -> u64 {
        self.born_in
    }

    /// The control group that the process is born in.
    pub(crate) fn group(&self) -> Option<&Group> {
        self.group.as_ref()
    }

    /// Does without a control group, or hands it to whoever removes it when the process has ended.
    pub(crate) fn take_group(&mut self) -> Option<Group> {
        self.group.take()
    }

    /// Does without the namespaces that the process was to be born in, which the kernel refused.
    pub(crate) fn lose_namespaces(&mut self, error: Errno) {
        let reason = format!("the kernel refused it: {error}");
        self.born_in = 0;
        if matches!(self.user, User::Namespace { .. }) {
            let reason = "user namespaces are not allowed on this host";
            self.user = User::Same;
            self.unshares = false;
            self.lacks(&[JailPart::User], reason);
            self.lacks(&NAMESPACES, reason);
        } else {
            self.lacks(&[JailPart::Processes], &reason);
        }
    }

    /// The jail that has become of it, if the process has got so far.
    pub(crate) fn report(&self, outcome: Outcome) -> Jail {
        outcome.jail(self.mode, &self.known)
    }

    /// Whether a part is missing although all are required. It allocates nothing.
    pub(crate) fn refuses(&self, outcome: &Outcome) -> bool {
        self.mode == JailMode::Require && !(self.known.is_empty() && outcome.is_complete())
    }

    fn lacks(&mut self, parts: &[JailPart], reason: &str) {
        for &part in parts {
            if !self.known.iter().any(|missing| missing.part == part) {
                self.known.push(MissingPart {
                    part,
                    reason: reason.to_owned(),
                });
            }
        }
    }
}

fn flags(flags: i32) -> u64 {
    u64::from(flags.cast_unsigned())
}
