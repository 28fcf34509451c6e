//! Supervisors of processes as entrypoints: they insist on being PID 1, reap orphans, and end by the
//! machine's signals.

use std::collections::BTreeSet;

use rustix::process::Signal;

use super::Run;
use crate::support::{Image, Layer, World, made_image, rounds, tool};

/// Adds programs of this system at their own paths, with the libraries that they load.
fn with_programs(mut layer: Layer, programs: &[&str]) -> Layer {
    let mut libraries = BTreeSet::new();
    for program in programs {
        let path = tool("sh", &["-c", &format!("command -v {program}")]);
        let path = path.trim();
        let list = tool("ldd", &[path]);
        let words = list.split_whitespace().filter(|word| word.starts_with('/'));
        libraries.extend(words.map(str::to_owned));
        let bytes = std::fs::read(path).unwrap();
        layer = layer.program(path.trim_start_matches('/'), &bytes);
    }
    for library in libraries {
        let bytes = std::fs::read(&library).unwrap();
        layer = layer.program(library.trim_start_matches('/'), &bytes);
    }
    layer
}

/// The supervision tree of s6, which s6-overlay runs.
#[test]
fn s6_is_pid_1_reaps_orphans_and_ends_by_its_own_rules() {
    const ANSWER: &str = "#!/bin/sh\n\
        busybox touch /service/web/orphan\n\
        (busybox sleep 0.2 & echo $! > /service/web/orphan)\n\
        busybox sleep 0.7\n\
        orphan=$(busybox cat /service/web/orphan)\n\
        [ -e /proc/$orphan ] && echo left\n\
        echo up $(busybox cat /proc/1/comm)\n\
        exec busybox sleep 1000\n";
    let programs = ["s6-svscan", "s6-supervise", "s6-svscanctl"];
    let layer = with_programs(Layer::new(), &programs)
        .directory("service", 0o755)
        .directory("service/.s6-svscan", 0o755)
        .program("service/.s6-svscan/finish", b"#!/bin/sh\nexit 5\n")
        .directory("service/web", 0o755)
        .program("service/web/run", ANSWER.as_bytes());
    let image = Image::busybox().layer(layer).process(|process| {
        process.env = vec!["PATH=/bin:/usr/bin".to_owned()];
        process.entrypoint = vec!["s6-svscan".to_owned(), "/service".to_owned()];
    });
    let world = World::new();
    let lazaret = world.imported(image, "s6");
    for _ in 0..rounds(1) {
        let mut run = Run::start(&mut lazaret.command(["-q", "run", "s6"]));
        assert_eq!(run.line(), "up s6-svscan");
        run.signal(Signal::TERM);
        assert_eq!(run.status(), Some(5));
    }
}

/// The image is a whole Debian. Its systemd starts its units, runs ours, and leaves with the status
/// that the unit asks for.
#[test]
#[ignore = "whole images: make test-boot"]
fn boots_systemd_as_the_entrypoint() {
    let world = World::new();
    let lazaret = world.machine();
    let layout = made_image("debian");
    let import = ["image", "import", layout.to_str().unwrap(), "systemd"];
    lazaret.run(import).success();
    let unit = "[Service]\nType=oneshot\nExecStart=/bin/sh -c \"echo up $(cat /proc/1/comm) \
                $(systemd-detect-virt -c) > /out; systemctl exit 6\"\n";
    let script = "printf %s \"$0\" > /etc/systemd/system/ours.service; \
                  mkdir -p /etc/systemd/system/multi-user.target.wants; \
                  ln -s ../ours.service /etc/systemd/system/multi-user.target.wants/; \
                  mkfifo /out; cat /out & exec /sbin/init";
    for _ in 0..rounds(1) {
        let output = lazaret.run(["-q", "run", "systemd", "--", "/bin/sh", "-c", script, unit]);
        assert_eq!(output.stdout, "up systemd container-other\n", "{output:?}");
        output.status(6);
    }
}
