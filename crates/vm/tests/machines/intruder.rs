//! Started in QEMU's place: what does a process in the jail get? It is compiled by the test, which puts
//! real names in the place of words in capitals.

use std::ffi::{c_char, c_int, c_long, c_ulong, c_void};
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::FileExt;
use std::os::unix::net::UnixStream;
use std::process::Command;

unsafe extern "C" {
    fn kill(process: c_int, signal: c_int) -> c_int;
    fn ptrace(request: c_long, process: c_int, address: *mut c_void, data: *mut c_void) -> c_long;
    fn unshare(flags: c_int) -> c_int;
    fn mount(
        source: *const c_char,
        target: *const c_char,
        kind: *const c_char,
        flags: c_ulong,
        data: *const c_void,
    ) -> c_int;
    fn chroot(path: *const c_char) -> c_int;
    fn setuid(user: u32) -> c_int;
    fn prctl(option: c_int, a: c_ulong, b: c_ulong, c: c_ulong, d: c_ulong) -> c_int;
    fn syscall(number: c_long, ...) -> c_long;
    fn sethostname(name: *const c_char, length: usize) -> c_int;
    fn signal(number: c_int, handler: usize) -> usize;
}

fn tell<T>(what: &str, result: std::io::Result<T>) {
    match result {
        Ok(_) => eprintln!("{what}: done"),
        Err(error) => eprintln!("{what}: {error}"),
    }
}

fn call(what: &str, result: impl Into<i64>) {
    let result = result.into();
    tell(what, if result < 0 { Err(std::io::Error::last_os_error()) } else { Ok(()) });
}

/// The numbers of the descriptors that stand for disks.
fn disks() -> Vec<u32> {
    let arguments: Vec<String> = std::env::args().collect();
    let given = arguments.windows(2).filter(|pair| pair[0] == "-add-fd");
    given.filter_map(|pair| pair[1].rsplit('=').next()?.parse().ok()).collect()
}

fn main() {
    let folder = "FOLDER";
    let victim: c_int = "VICTIM".parse().unwrap();
    let mut byte = [0; 1];

    tell("read the users", fs::read("/etc/passwd"));
    tell("read a file beside its disks", fs::read(format!("{folder}/secret")));
    tell("read its kernel by path", fs::read(format!("{folder}/vmlinux")));
    tell("write in the machine's folder", fs::write(format!("{folder}/planted"), "x"));
    tell("write in a folder for all", fs::write("/tmp/planted", "x"));
    tell("write in its root", fs::write("/planted", "x"));
    tell("replace its program", fs::write(std::env::args().next().unwrap(), "x"));
    tell("list home folders", fs::read_dir("/root").or_else(|_| fs::read_dir("/home")));
    tell("list processes", fs::read_dir("/proc"));
    tell("read the caller's variables", fs::read(format!("/proc/{victim}/environ")));
    tell("read the first process", fs::read("/proc/1/status"));
    tell("read the kernel's settings", fs::read("/proc/sys/kernel/hostname"));
    tell("read devices", fs::read_dir("/sys/class"));
    tell("open the host's memory", File::open("/dev/mem"));
    tell("open KVM", OpenOptions::new().read(true).write(true).open("/dev/kvm"));

    tell("list own descriptors", fs::read_dir("/proc/self/fd").map(|list| list.count()));
    tell("read its own library folder", fs::read_dir("/usr/lib").map(|list| list.count()));
    tell("read a device of random numbers", File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut byte)));

    let disks = disks();
    let again = |write: bool, number: u32| {
        let path = format!("/proc/self/fd/{number}");
        OpenOptions::new().read(!write).write(write).open(path)
    };
    let own = unsafe { <File as std::os::fd::FromRawFd>::from_raw_fd(disks[0] as i32) };
    tell("read its own disk", own.read_exact_at(&mut byte, 0));
    tell("write its read-only disk", own.write_at(b"y", 0));
    tell("open its read-only disk for writing", again(true, disks[0]));
    tell("open its disk anew", again(false, disks[1]));
    // SIGXFSZ, which a process has to ignore to get the error.
    unsafe { signal(25, 1) };
    let scratch = unsafe { <File as std::os::fd::FromRawFd>::from_raw_fd(disks[1] as i32) };
    tell("let its disk grow", scratch.write_at(b"y", 1 << 30));

    tell("reach the machine's socket", UnixStream::connect(format!("{folder}/socket")));
    tell("reach TCP", TcpStream::connect("127.0.0.1:PORT"));
    tell("serve TCP", TcpListener::bind("127.0.0.1:0"));
    tell("make a pair of sockets", UnixStream::pair());

    tell("execute a shell", Command::new("/bin/sh").args(["-c", "true"]).status());
    tell("execute a shell by its loader", shell_by_loader());
    tell("execute a program of the libraries", library_program());

    unsafe {
        call("signal the caller", kill(victim, 0));
        call("signal all", kill(-1, 0));
        call("trace the caller", ptrace(0x4206, victim, std::ptr::null_mut(), std::ptr::null_mut()));
        call("make a user namespace", unshare(0x1000_0000));
        call("make a mount namespace", unshare(0x2_0000));
        call("mount", mount(c"none".as_ptr(), c"/usr".as_ptr(), c"tmpfs".as_ptr(), 0, std::ptr::null()));
        call("change the root", chroot(c"/usr".as_ptr()));
        call("become root", setuid(0));
        call("set the host's name", sethostname(c"x".as_ptr(), 1));
        call("allow new privileges", -i64::from(prctl(39, 0, 0, 0, 0) == 1));
        call("use io_uring", syscall(425, 1, std::ptr::null::<u8>()));
        call("use BPF", syscall(321, 0, std::ptr::null::<u8>(), 0));
        call("use keys", syscall(250, 0, -3, 1));
        call("watch performance", syscall(298, std::ptr::null::<u8>(), 0, -1, -1, 0));
    }
    let _ = std::io::stderr().flush();
}

fn succeeded(status: std::io::Result<std::process::ExitStatus>) -> std::io::Result<()> {
    match status?.success() {
        true => Ok(()),
        false => Err(std::io::Error::other("it failed")),
    }
}

fn shell_by_loader() -> std::io::Result<()> {
    let loader = "/lib64/ld-linux-x86-64.so.2";
    succeeded(Command::new(loader).args(["/bin/sh", "-c", "true"]).status())
}

/// A library that is also a program.
fn library_program() -> std::io::Result<()> {
    let paths = ["/usr/lib/x86_64-linux-gnu/libc.so.6", "/usr/lib64/libc.so.6", "/usr/lib/libc.so.6"];
    let path = paths.into_iter().find(|path| fs::metadata(path).is_ok());
    let path = path.ok_or(std::io::ErrorKind::NotFound)?;
    succeeded(Command::new(path).status())
}
