use std::fs;

use super::group::{Group, delegated, sweep};
use super::report::Outcome;
use super::user::has;
use super::view::{Kind, View};
use super::{JailMode, JailPart, elf, filter};

#[test]
fn outcomes_survive_the_way() {
    let mut outcome = Outcome::default();
    assert!(outcome.is_complete());
    outcome.note(JailPart::Network, Err(rustix::io::Errno::NOSPC));
    outcome.note(JailPart::Network, Err(rustix::io::Errno::PERM));
    let told = Outcome::decode(&outcome.encode());
    assert_eq!(told, outcome);
    let jail = told.jail(JailMode::Auto, &[]);
    assert_eq!(jail.holds.len(), JailPart::ALL.len() - 1);
    assert_eq!(jail.missing.len(), 1);
    assert_eq!(jail.missing[0].part, JailPart::Network);
    assert!(jail.missing[0].reason.contains("No space left"), "{jail:?}");
    let none = told.jail(JailMode::Off, &[]);
    assert!(none.holds.is_empty() && none.missing.is_empty());
}

#[test]
fn parts_are_numbered_as_they_are_listed() {
    for (number, part) in JailPart::ALL.into_iter().enumerate() {
        assert_eq!(part as usize, number);
    }
}

#[test]
fn maps_of_users_are_read() {
    let map = "         0       1000          1\n         1     100000      65536\n";
    assert!(has(map, 0) && has(map, 65536));
    assert!(!has(map, 65537) && !has("", 0) && !has("0 0", 0));
}

#[test]
fn a_view_has_the_program_and_its_loader() {
    let shell = fs::canonicalize("/bin/sh").unwrap();
    let loader = elf::interpreter(&shell).unwrap().unwrap().unwrap();
    assert!(loader.is_absolute() && loader.exists());
    let view = View::of(&shell, &["/dev/urandom"]).unwrap().unwrap();
    let shown = |kind| view.entries.iter().filter(move |entry| entry.kind == kind);
    assert_eq!(shown(Kind::Program).count(), 2);
    assert_eq!(shown(Kind::Device).count(), 1);
    for entry in &view.entries {
        let path = entry.path.to_str().unwrap();
        assert!(
            !path.starts_with("/home") && !path.starts_with("/etc/p"),
            "{path}"
        );
    }
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("script");
    fs::write(&script, "#!/bin/sh\n").unwrap();
    assert!(View::of(&script, &[]).unwrap().is_none());
    fs::write(&script, b"\x7fELF\x02\x01").unwrap();
    assert!(View::of(&script, &[]).unwrap().is_none(), "a cut program");
}

#[test]
fn the_filter_ends_with_permission() {
    for sockets in [false, true] {
        let program = filter::program(sockets);
        assert_eq!(program.last().unwrap().k, libc::SECCOMP_RET_ALLOW);
        // No jump leads out of the program.
        for (number, statement) in program.iter().enumerate() {
            let furthest = usize::from(statement.jt.max(statement.jf));
            assert!(
                number + furthest < program.len() - 1 || furthest == 0,
                "{number}"
            );
        }
    }
}

/// What the filter answers to a call of this architecture, as the kernel computes it.
fn answer(program: &[libc::sock_filter], call: libc::c_long, first: u32) -> u32 {
    let architecture = program[1].k;
    let (mut at, mut accumulator) = (0, 0);
    loop {
        let statement = program[at];
        at += 1;
        let code = u32::from(statement.code);
        let jump = |holds: bool| usize::from(if holds { statement.jt } else { statement.jf });
        if code == libc::BPF_LD | libc::BPF_W | libc::BPF_ABS {
            accumulator = match statement.k {
                0 => u32::try_from(call).unwrap(),
                4 => architecture,
                _ => first,
            };
        } else if code == libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K {
            at += jump(accumulator == statement.k);
        } else if code == libc::BPF_JMP | libc::BPF_JSET | libc::BPF_K {
            at += jump(accumulator & statement.k != 0);
        } else {
            return statement.k;
        }
    }
}

#[test]
fn only_unix_sockets_are_for_those_that_need_some() {
    let (without, with) = (filter::program(false), filter::program(true));
    let allows = |program, call, first| answer(program, call, first) == libc::SECCOMP_RET_ALLOW;
    let families = [
        libc::AF_UNIX,
        libc::AF_INET,
        libc::AF_INET6,
        libc::AF_NETLINK,
        libc::AF_VSOCK,
    ];
    for call in [libc::SYS_socket, libc::SYS_socketpair] {
        for family in families {
            assert!(!allows(&without, call, family.unsigned_abs()));
            let is_unix = family == libc::AF_UNIX;
            assert_eq!(
                allows(&with, call, family.unsigned_abs()),
                is_unix,
                "{family}"
            );
        }
    }
    for call in [
        libc::SYS_bind,
        libc::SYS_listen,
        libc::SYS_connect,
        libc::SYS_tkill,
    ] {
        assert!(
            !allows(&without, call, 0) && allows(&with, call, 0),
            "{call}"
        );
    }
    for call in [
        libc::SYS_kill,
        libc::SYS_mount,
        libc::SYS_ptrace,
        libc::SYS_bpf,
    ] {
        assert!(
            !allows(&without, call, 0) && !allows(&with, call, 0),
            "{call}"
        );
    }
    let namespaces = libc::CLONE_NEWUSER.unsigned_abs();
    for program in [&without, &with] {
        assert!(allows(program, libc::SYS_read, 0) && allows(program, libc::SYS_clone, 0));
        assert!(!allows(program, libc::SYS_clone, namespaces));
    }
}

/// A hierarchy of control groups, made of ordinary files.
#[test]
fn groups_are_made_where_they_are_delegated_and_swept_when_nobody_needs_them() {
    let folder = tempfile::tempdir().unwrap();
    let mount = folder.path();
    let mounts = format!("30 23 0:26 / {} rw - cgroup2 cgroup2 rw\n", mount.display());
    let group = |path: &str, controllers: &str| {
        let group = mount.join(path);
        fs::create_dir_all(&group).unwrap();
        for name in ["cgroup.controllers", "cgroup.subtree_control"] {
            fs::write(group.join(name), controllers).unwrap();
        }
        fs::write(group.join("cgroup.procs"), "").unwrap();
    };
    group("", "");
    let error = delegated(&mounts, "0::/user/session\n").unwrap_err();
    assert!(error.contains("version 1"), "{error}");
    assert!(delegated("", "0::/\n").is_err() && delegated(&mounts, "1:name=systemd:/\n").is_err());
    group("", "cpu memory pids");
    // Nobody may write here: root may write everywhere, so it is no group.
    fs::remove_file(mount.join("cgroup.procs")).unwrap();
    group("user", "memory pids");
    group("user/session", "");
    let parent = delegated(&mounts, "0::/user/session\n").unwrap();
    assert_eq!(parent, mount.join("user"));
    // What a process left that is no more, and what one has that runs.
    let lost = parent.join("lazaret/4194999-0-0");
    fs::create_dir_all(&lost).unwrap();
    let made = Group::make(&parent, 512, 2).unwrap();
    assert!(!lost.exists());
    let path = fs::read_dir(parent.join("lazaret")).unwrap();
    let path = path
        .map(|entry| entry.unwrap().path())
        .find(|path| path.is_dir())
        .unwrap();
    let limit = |name: &str| fs::read_to_string(path.join(name)).unwrap();
    assert_eq!(limit("memory.max"), ((512_u64 + 640) << 20).to_string());
    assert_eq!(limit("pids.max"), "258");
    sweep(&parent.join("lazaret"));
    assert!(path.exists());
    // The kernel's files go with their group; these do not.
    for name in ["memory.max", "pids.max"] {
        fs::remove_file(path.join(name)).unwrap();
    }
    drop(made);
    assert!(!path.exists());
}
