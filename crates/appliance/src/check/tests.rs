use std::fs::File;

use lazaret_rootfs::{Attributes, DiskBuilder, Options};

use super::*;

const WANTED: Expected<'static> = Expected {
    architecture: "x86_64",
    protection_mode: "pvm",
    marked: true,
};

fn disk(files: &[(&str, u16, &str)]) -> File {
    let file = tempfile::tempfile().unwrap();
    let options = Options {
        size: Some(8 << 20),
        ..Options::default()
    };
    let mut disk = DiskBuilder::create(file.try_clone().unwrap(), options).unwrap();
    for (path, mode, content) in files {
        let attributes = Attributes::new(*mode);
        disk.add_file(path, attributes, content.as_bytes()).unwrap();
    }
    disk.finish().unwrap();
    file
}

fn faults(files: &[(&str, u16, &str)], expected: &Expected<'_>) -> Vec<String> {
    check(disk(files), expected).unwrap().faults
}

#[test]
fn everything_that_is_missing_is_said_at_once() {
    let faults = faults(&[], &WANTED);
    assert_eq!(
        faults,
        [
            "/init is missing",
            "/bin/busybox is missing",
            "/usr/bin/port-guest-agent is missing",
            "/etc/port-guest-architecture is missing",
            "/etc/port-protection-mode is missing",
        ]
    );
}

#[test]
fn programs_must_be_executable_and_the_init_program_must_start_the_agent() {
    let faults = faults(
        &[
            ("/init", 0o755, "#!/bin/sh\n"),
            ("/bin/busybox", 0o644, "x"),
            ("/usr/bin/port-guest-agent", 0o755, ""),
            ("/etc/port-guest-architecture", 0o644, "aarch64\n"),
            ("/etc/port-protection-mode", 0o644, "standard\u{1b}[2J\n"),
        ],
        &WANTED,
    );
    assert_eq!(
        faults,
        [
            "/bin/busybox is no file that can be executed",
            "/usr/bin/port-guest-agent is no file that can be executed",
            "/init does not start /usr/bin/port-guest-agent",
            "/etc/port-guest-architecture says 'aarch64', not x86_64",
            "/etc/port-protection-mode says 'standard\\u{1b}[2J', not pvm",
        ]
    );
}

#[test]
fn images_of_others_need_no_markers_in_the_standard_lane() {
    let files = [
        (
            "/init",
            0o755,
            "#!/bin/sh\nexec /usr/bin/port-guest-agent\n",
        ),
        ("/bin/busybox", 0o755, "x"),
        ("/usr/bin/port-guest-agent", 0o755, "x"),
    ];
    let standard = Expected {
        marked: false,
        ..WANTED
    };
    assert_eq!(faults(&files, &standard), Vec::<String>::new());
    assert_eq!(faults(&files, &WANTED).len(), 2);
}

#[test]
fn what_is_no_disk_is_an_error() {
    let file = tempfile::tempfile().unwrap();
    assert!(check(file.try_clone().unwrap(), &WANTED).is_err());
    file.set_len(1 << 20).unwrap();
    assert!(check(file, &WANTED).is_err());
}
