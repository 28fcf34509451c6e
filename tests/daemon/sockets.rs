//! Where it listens, and whom it serves.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;

use super::Daemon;
use crate::support::{World, finish};

#[test]
fn one_daemon_serves_a_socket_and_leaves_nothing() {
    let world = World::new();
    let lazaret = world.lazaret();
    let mut daemon = Daemon::start(&lazaret, &world.path(""), &[]);
    let socket = daemon.socket.clone();
    let mode = std::fs::symlink_metadata(&socket)
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let other = ["daemon", "--socket", socket.to_str().unwrap()];
    let process = format!("process {}", daemon.id());
    lazaret
        .run(other)
        .fails(7, &["api.sock", &process, "hint:"]);

    // A daemon that was killed leaves a socket at which nobody listens.
    daemon.signal(Signal::KILL);
    daemon.ended();
    assert!(socket.exists());
    let mut daemon = Daemon::start(&lazaret, &world.path(""), &[]);
    assert_eq!(daemon.done("GET", "/v1/ping", "")["ok"], true);
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.ended(), Some(0));
    assert!(!socket.exists());

    std::fs::write(&socket, "mine").unwrap();
    lazaret.run(other).fails(7, &["left alone"]);
    assert_eq!(std::fs::read(&socket).unwrap(), b"mine");

    // By default it is with the data of its home.
    let standard = world.path("home/data/api.sock");
    let mut daemon = Daemon::of(
        lazaret.command(["daemon", "--idle-exit", "500ms"]),
        &standard,
    );
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(
        daemon
            .done("GET", "/v1/volumes", "")
            .as_array()
            .unwrap()
            .len(),
        0
    );
    assert_eq!(daemon.ended(), Some(0));
}

#[test]
fn another_user_is_refused_and_noted() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let world = World::new();
    let daemon = Daemon::start(&world.lazaret(), &world.path(""), &[]);
    // Even where the file system would let it in.
    for (path, mode) in [(world.path(""), 0o755), (daemon.socket.clone(), 0o666)] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
    let mut nobody = Command::new("setpriv");
    nobody.args([
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
        "curl",
        "-si",
        "--unix-socket",
    ]);
    nobody.arg(&daemon.socket).arg("http://x/v1/machines");
    let answer = finish(nobody).success().stdout;
    assert!(
        answer.contains("403") && answer.contains("its own user"),
        "{answer}"
    );
    let log = std::fs::read_to_string(&daemon.log).unwrap();
    assert!(
        log.contains("another user refused") && log.contains("uid=65534"),
        "{log}"
    );
    assert_eq!(daemon.done("GET", "/v1/ping", "")["ok"], true);
}

#[test]
fn a_socket_of_the_service_manager_is_served() {
    const LAUNCHER: &str = "\
import os, socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen(8)
s.fileno() == 3 or os.dup2(s.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS=sys.argv[2], LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[3], sys.argv[3:])";
    let world = World::new();
    let socket = world.path("passed.sock");
    let launch = |files: &str, flags: &[&str]| {
        let daemon = world.lazaret().command(flags);
        let mut command = Command::new("python3");
        command.args(["-c", LAUNCHER]).arg(&socket).arg(files);
        command.arg(daemon.get_program()).args(daemon.get_args());
        command.env_clear();
        for (name, value) in daemon.get_envs() {
            command.env(name, value.unwrap());
        }
        command
    };
    let mut daemon = Daemon::of(launch("1", &["daemon", "--idle-exit", "1s"]), &socket);
    assert_eq!(
        daemon
            .done("GET", "/v1/machines", "")
            .as_array()
            .unwrap()
            .len(),
        0
    );
    assert_eq!(daemon.ended(), Some(0));
    assert!(socket.exists(), "it is the service manager's");

    std::fs::remove_file(&socket).unwrap();
    finish(launch("2", &["daemon"])).fails(2, &["LISTEN_FDS is '2'"]);
    std::fs::remove_file(&socket).unwrap();
    let both = ["daemon", "--socket", "/tmp/never"];
    finish(launch("1", &both)).fails(2, &["two sockets"]);
}
