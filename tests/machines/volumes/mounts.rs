//! Memory, links of hostile images, and what cannot be mounted.

use super::{home, remove, sh};
use crate::support::{Image, Layer};

#[test]
fn memory_is_as_it_was_asked_for() {
    let (_world, lazaret) = home(Image::busybox(), "memory");
    let flags = [
        "--tmpfs",
        "/plain",
        "--tmpfs",
        "/cache:size=4m,mode=750,uid=1000,gid=2000,exec",
        "--mount",
        "type=tmpfs,target=/long,tmpfs-size=65536,tmpfs-mode=1770",
        "--tmpfs",
        "/fixed:ro",
    ];
    let script = "stat -c '%n %a %u:%g' /plain /cache /long; mount; \
                  df -k /cache /long; ! touch /fixed/x; busybox cp /bin/busybox /cache/true; /cache/true && echo runs; \
                  busybox cp /bin/busybox /plain/true && ! /plain/true && echo refused";
    let output = sh(&lazaret, &flags, "memory", script).success().stdout;
    let begin = "/plain 1777 0:0\n/cache 750 1000:2000\n/long 1770 0:0\n";
    assert!(output.starts_with(begin), "{output}");
    let line = |path: &str| {
        let place = format!(" on {path} ");
        output
            .lines()
            .find(|line| line.contains(&place))
            .unwrap()
            .to_owned()
    };
    for option in ["rw", "nosuid", "nodev", "noexec"] {
        assert!(line("/plain").contains(option), "{output}");
    }
    assert!(
        !line("/cache").contains("noexec") && line("/cache").contains("size=4096k"),
        "{output}"
    );
    assert!(line("/long").contains("size=64k"), "{output}");
    assert!(line("/fixed").contains("(ro"), "{output}");
    assert!(
        output.contains("runs\n") && output.ends_with("refused\n"),
        "{output}"
    );
    let flags = ["--read-only", "--tmpfs", "/cache", "-v", "memory:/data"];
    let script = "touch /cache/x /data/x && ! touch /x";
    sh(&lazaret, &flags, "memory", script).success();
    remove(&lazaret, &["memory"]);
}

#[test]
fn links_of_a_hostile_image_stay_inside_its_root() {
    let layer = Layer::new()
        .symlink("to-etc", "/etc")
        .symlink("to-proc", "../../../proc")
        .symlink("to-root", "/")
        .file("file", b"text");
    let (_world, lazaret) = home(Image::busybox().layer(layer), "hostile");
    let run = |target: &str| {
        let volume = format!("hostile:{target}");
        sh(
            &lazaret,
            &["-v", &volume],
            "hostile",
            "cat /etc/passwd; ls /",
        )
    };
    let seen = run("/to-etc").success().stdout;
    assert!(
        seen.starts_with("root:") && seen.contains("bin\n"),
        "{seen}"
    );
    for target in ["/to-proc", "/to-root"] {
        run(target).fails(125, &[target, "link"]);
    }
    run("/file").fails(125, &["/file"]);
    let flags = ["--tmpfs", "/to-proc"];
    sh(&lazaret, &flags, "hostile", "true").fails(125, &["/to-proc"]);
    remove(&lazaret, &["hostile"]);
}

#[test]
fn what_cannot_be_mounted_is_refused_before_anything_is_made() {
    let (_world, lazaret) = home(Image::busybox(), "refused");
    let refused = |status: i32, flags: &[&str], words: &[&str]| {
        sh(&lazaret, flags, "refused", "true").fails(status, words);
    };
    refused(2, &["-v", "refused:/proc/x"], &["/proc"]);
    refused(2, &["--volume", "refused"], &["NAME:/PATH"]);
    refused(2, &["--tmpfs", "/x:colour=blue"], &["colour"]);
    refused(
        125,
        &["-v", "refused:/x", "--tmpfs", "/x"],
        &["/x", "taken"],
    );
    let many: Vec<String> = (0..20)
        .map(|number| format!("refused{number}:/v{number}"))
        .collect();
    let flags: Vec<&str> = many.iter().flat_map(|volume| ["-v", volume]).collect();
    refused(125, &flags, &["20"]);
    assert_eq!(
        lazaret
            .run(["volume", "ls", "-q", "-f", "name=refused"])
            .stdout
            .trim(),
        ""
    );
}
