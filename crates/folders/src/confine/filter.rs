//! A filter of system calls (seccomp(2)): what the server does, and nothing else. It is our own program,
//! linked with one C library, so the list is known.

use libc::{
    BPF_ABS, BPF_JEQ, BPF_JMP, BPF_JSET, BPF_K, BPF_LD, BPF_RET, BPF_W, SECCOMP_RET_ALLOW,
    SECCOMP_RET_ERRNO, SECCOMP_RET_KILL_PROCESS, c_long, sock_filter,
};
use rustix::io::Errno;

/// The architecture in `seccomp_data.arch` (linux/audit.h).
#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: u32 = 0xC000_003E;
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: u32 = 0xC000_00B7;

/// Offsets in `struct seccomp_data`.
const NUMBER: u32 = 0;
const ARCH: u32 = 4;
const THIRD_ARGUMENT: u32 = 32;

/// What is allowed.
const ALLOWED: [c_long; 57] = [
    // The stream, standard error.
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_readv,
    libc::SYS_writev,
    libc::SYS_recvfrom,
    libc::SYS_sendto,
    libc::SYS_shutdown,
    // Files.
    libc::SYS_openat,
    libc::SYS_openat2,
    libc::SYS_close,
    libc::SYS_fcntl,
    libc::SYS_lseek,
    libc::SYS_pread64,
    libc::SYS_pwrite64,
    libc::SYS_pwritev2,
    libc::SYS_copy_file_range,
    libc::SYS_fallocate,
    libc::SYS_ftruncate,
    libc::SYS_fsync,
    libc::SYS_fdatasync,
    libc::SYS_getdents64,
    // Names.
    libc::SYS_mkdirat,
    libc::SYS_unlinkat,
    libc::SYS_linkat,
    libc::SYS_symlinkat,
    libc::SYS_readlinkat,
    libc::SYS_renameat,
    libc::SYS_renameat2,
    // Attributes.
    libc::SYS_statx,
    libc::SYS_fstat,
    libc::SYS_newfstatat,
    libc::SYS_fstatfs,
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    libc::SYS_utimensat,
    libc::SYS_getxattr,
    libc::SYS_setxattr,
    libc::SYS_listxattr,
    libc::SYS_removexattr,
    // Memory, time, signals, the end.
    libc::SYS_brk,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_futex,
    libc::SYS_getrandom,
    libc::SYS_clock_gettime,
    libc::SYS_sched_yield,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_tgkill,
    libc::SYS_restart_syscall,
    libc::SYS_exit,
    libc::SYS_exit_group,
];

/// Allowed for memory that cannot be executed.
const MEMORY: [c_long; 2] = [libc::SYS_mmap, libc::SYS_mprotect];

/// Puts the process under the filter.
#[allow(unsafe_code)]
pub(super) fn enter() -> Result<(), Errno> {
    let rules = rules();
    let program = libc::sock_fprog {
        len: u16::try_from(rules.len()).map_err(|_| Errno::TOOBIG)?,
        filter: rules.as_ptr().cast_mut(),
    };
    let (mode, flags) = (libc::SECCOMP_SET_MODE_FILTER, 0_u32);
    // SAFETY: the pointer is to a program of the length given, which the kernel copies and does not change.
    match unsafe { libc::syscall(libc::SYS_seccomp, mode, flags, &raw const program) } {
        0 => Ok(()),
        _ => {
            let error = std::io::Error::last_os_error();
            Err(Errno::from_io_error(&error).unwrap_or(Errno::IO))
        }
    }
}

fn rules() -> Vec<sock_filter> {
    let number = |call: c_long| u32::try_from(call).unwrap_or(u32::MAX);
    let equals = |value, no| statement(BPF_JMP | BPF_JEQ | BPF_K, value, 0, no);
    let load = |offset| statement(BPF_LD | BPF_W | BPF_ABS, offset, 0, 0);
    let answer = |value| statement(BPF_RET | BPF_K, value, 0, 0);
    let refused = answer(SECCOMP_RET_ERRNO | libc::EPERM.unsigned_abs());
    let executable = libc::PROT_EXEC.unsigned_abs();
    let mut rules = vec![
        load(ARCH),
        statement(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
        answer(SECCOMP_RET_KILL_PROCESS),
        load(NUMBER),
    ];
    for call in ALLOWED {
        rules.extend([equals(number(call), 1), answer(SECCOMP_RET_ALLOW)]);
    }
    for call in MEMORY {
        rules.extend([
            equals(number(call), 4),
            load(THIRD_ARGUMENT),
            statement(BPF_JMP | BPF_JSET | BPF_K, executable, 1, 0),
            answer(SECCOMP_RET_ALLOW),
            refused,
        ]);
    }
    rules.push(refused);
    rules
}

fn statement(code: u32, k: u32, jt: u8, jf: u8) -> sock_filter {
    sock_filter {
        code: u16::try_from(code).unwrap_or_default(),
        jt,
        jf,
        k,
    }
}
