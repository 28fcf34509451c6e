//! A filter of system calls (seccomp(2)) in front of QEMU's own: it refuses what QEMU never does and what
//! an escaped process would do first. It lists what is refused and not what is allowed, because the
//! latter changes with each version of QEMU and of its libraries.

use libc::{
    BPF_ABS, BPF_JEQ, BPF_JMP, BPF_JSET, BPF_K, BPF_LD, BPF_RET, BPF_W, SECCOMP_RET_ALLOW,
    SECCOMP_RET_ERRNO, SECCOMP_RET_KILL_PROCESS, c_long, sock_filter,
};

/// The architecture in `seccomp_data.arch` (linux/audit.h).
#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: u32 = 0xC000_003E;
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: u32 = 0xC000_00B7;

/// Offsets in `struct seccomp_data`.
const NUMBER: u32 = 0;
const ARCH: u32 = 4;
const FIRST_ARGUMENT: u32 = 16;

/// Calls of the x32 interface have this bit.
#[cfg(target_arch = "x86_64")]
const X32: u32 = 0x4000_0000;

/// `CLONE_NEW*`: namespaces, which a thread does not need.
const NAMESPACES: u32 = 0x7E02_0080;

/// What is refused with `EPERM`.
const REFUSED: [c_long; 65] = [
    // Namespaces, mounts and roots.
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_open_tree,
    libc::SYS_move_mount,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_quotactl,
    libc::SYS_open_by_handle_at,
    libc::SYS_name_to_handle_at,
    libc::SYS_fanotify_init,
    // Other processes.
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
    // Interfaces of the kernel that are known for their faults.
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    libc::SYS_move_pages,
    libc::SYS_migrate_pages,
    libc::SYS_vmsplice,
    // The host as a whole.
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_reboot,
    libc::SYS_acct,
    libc::SYS_syslog,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_adjtimex,
    libc::SYS_vhangup,
    libc::SYS_personality,
    // New connections: QEMU is given the sockets that it has.
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    // Users and their rights.
    libc::SYS_setuid,
    libc::SYS_setgid,
    libc::SYS_setgroups,
    libc::SYS_capset,
];

/// What a hypervisor needs of that whose guest talks over sockets: UNIX sockets, see below. Those that are
/// linked with musl wake their processors by `tkill`, which reaches nobody else in a namespace of processes.
const OF_SOCKETS: [c_long; 6] = [
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_tkill,
];

/// The filter as a program of the kernel's. With `sockets`, the process may make UNIX sockets.
pub(super) fn program(sockets: bool) -> Vec<sock_filter> {
    let refuse = |error: i32| SECCOMP_RET_ERRNO | error.unsigned_abs();
    let mut program = vec![
        load(ARCH),
        jump(BPF_JEQ, ARCHITECTURE, 1, 0),
        answer(SECCOMP_RET_KILL_PROCESS),
        load(NUMBER),
    ];
    #[cfg(target_arch = "x86_64")]
    program.extend([jump(BPF_JSET, X32, 0, 1), answer(refuse(libc::ENOSYS))]);
    for number in REFUSED {
        if sockets && OF_SOCKETS.contains(&number) {
            continue;
        }
        program.extend([
            jump(BPF_JEQ, word(number), 0, 1),
            answer(refuse(libc::EPERM)),
        ]);
    }
    if sockets {
        program.extend([
            jump(BPF_JEQ, word(libc::SYS_socket), 1, 0),
            jump(BPF_JEQ, word(libc::SYS_socketpair), 0, 4),
            load(FIRST_ARGUMENT),
            jump(BPF_JEQ, libc::AF_UNIX.unsigned_abs(), 1, 0),
            answer(refuse(libc::EPERM)),
            answer(SECCOMP_RET_ALLOW),
        ]);
    }
    program.extend([
        // Its flags are in memory, where no filter can look: the C library takes `clone` instead.
        jump(BPF_JEQ, word(libc::SYS_clone3), 0, 1),
        answer(refuse(libc::ENOSYS)),
        jump(BPF_JEQ, word(libc::SYS_clone), 0, 3),
        load(FIRST_ARGUMENT),
        jump(BPF_JSET, NAMESPACES, 0, 1),
        answer(refuse(libc::EPERM)),
        answer(SECCOMP_RET_ALLOW),
    ]);
    program
}

fn word(number: c_long) -> u32 {
    // System calls have small numbers.
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn code(code: u32) -> u16 {
    u16::try_from(code).unwrap_or_default()
}

fn load(offset: u32) -> sock_filter {
    statement(code(BPF_LD | BPF_W | BPF_ABS), offset)
}

fn answer(value: u32) -> sock_filter {
    statement(code(BPF_RET | BPF_K), value)
}

fn statement(code: u16, k: u32) -> sock_filter {
    sock_filter {
        code,
        jt: 0,
        jf: 0,
        k,
    }
}

fn jump(condition: u32, k: u32, jt: u8, jf: u8) -> sock_filter {
    sock_filter {
        code: code(BPF_JMP | condition | BPF_K),
        jt,
        jf,
        k,
    }
}
