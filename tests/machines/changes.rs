//! `diff` and `commit`: what a machine has changed, as itself, podman and another machine see it.

use std::process::Command;

use tar::EntryType;

use super::Machine;
use crate::support::{Image, Layer, Serve, World, busybox_layer, tool};

/// Something of every type, to be changed and to stay.
fn content() -> Layer {
    let plain = |layer: Layer, names: &[&str]| {
        names.iter().fold(layer, |layer, name| {
            layer.file(&format!("tree/{name}"), name.as_bytes())
        })
    };
    let folders = |layer: Layer, names: &[&str]| {
        names.iter().fold(layer, |layer, name| {
            layer.directory(&format!("tree/{name}"), 0o755)
        })
    };
    let layer = Layer::new()
        .directory("tree", 0o755)
        .xattr("user.note", b"kept");
    let layer = plain(
        layer,
        &["noted", "edited", "gone", "stays", "one", "turned"],
    );
    let layer = layer
        .hardlink("tree/two", "tree/one")
        .symlink("tree/link", "stays");
    let layer = folders(
        layer,
        &["full", "full/sub", "flat", "moved", "closed", "kept"],
    );
    let layer = plain(
        layer,
        &[
            "full/a",
            "full/b",
            "full/sub/c",
            "flat/x",
            "moved/in",
            "kept/x",
        ],
    );
    layer.entry("tree/fifo", EntryType::Fifo, 0o600, (5, 6), "", b"")
}

/// Changes of every type.
const SCRIPT: &str = r#"
cd /tree; umask 022; b=busybox
echo new > added; $b chown 12:34 added; echo more >> edited; $b chmod 4755 edited
rm gone; rm -r full; mkdir full; echo a2 > full/a; mkdir full/sub; echo d > full/sub/d
rm turned; mkdir turned; echo in > turned/in; rm -r flat; echo flat > flat
rm link; $b ln -s elsewhere link; echo changed >> one; echo h > h1; $b ln h1 h2; $b ln h1 kept/h3
$b mv moved renamed; $b chmod 700 closed; touch noted; rm fifo; $b mkfifo -m 640 fifo2
$b mknod null c 1 3; $b mknod loop b 7 9; dd if=/dev/zero of=sparse bs=1 count=1 seek=5000000 2> /dev/null
long=$(printf '%0200d' 7); mkdir -p deep/$long/$long; echo far > "deep/$long/$long/a file  with spaces"
touch -d '1999-12-31 23:59:59' kept/x; mkdir sticky; $b chmod 3777 sticky; $b chown 7:8 sticky
touch /tmp/of-the-machine; rm /root/.profile 2> /dev/null; echo 10.0.0.1 more >> /etc/hosts
echo done
"#;

/// Everything that two trees can differ in, without what file systems do differently.
const DUMP: &str = r#"
export TZ=UTC; b="busybox"; t="tree bin root tmp etc/passwd"
$b find $t -type d -exec $b stat -c '%n %F %a %u %g %y' {} + | $b sort
$b find $t ! -type d -exec $b stat -c '%N %F %a %u %g %y %s %t:%T %h' {} + | $b sort
$b find $t -type f -exec $b md5sum {} + | $b sort
"#;

const EXPECTED: &str = "\
A /tmp/of-the-machine
A /tree/added
A /tree/deep
A /tree/fifo2
A /tree/full/sub/d
A /tree/h1
A /tree/h2
A /tree/kept/h3
A /tree/loop
A /tree/null
A /tree/renamed
A /tree/renamed/in
A /tree/sparse
A /tree/sticky
A /tree/turned/in
C /tmp
C /tree
C /tree/closed
C /tree/edited
C /tree/flat
C /tree/full
C /tree/full/a
C /tree/full/sub
C /tree/kept
C /tree/kept/x
C /tree/link
C /tree/noted
C /tree/one
C /tree/turned
D /tree/fifo
D /tree/full/b
D /tree/full/sub/c
D /tree/gone
D /tree/moved
";

#[test]
fn an_image_of_a_machine_is_what_the_machine_saw() {
    let world = World::new();
    let image = Image::new()
        .layer(busybox_layer())
        .layer(content())
        .command(&["sh", "-c", "echo base"]);
    let script = format!("{SCRIPT}\nexec sleep 10000");
    let flags = ["-v", "/data", "--tmpfs", "/memory/deep", "-w", "/made/work"];
    let machine = Machine::of(image, "changed", &flags, &script);
    machine.wait_for_logs("done\n");
    let inside = |machine: &Machine, script: &str| {
        let command = format!("cd /; {script}");
        machine
            .with(&["exec", "-w", "/", "{}", "sh", "-euc", &command])
            .success()
            .stdout
    };
    // A file of the image whose other name was written to still counts that one; no layer can say so.
    let count = |line: &str| match line.starts_with("tree/two ") {
        true => line.replace(" 0:0 2", " 0:0 1"),
        false => line.to_owned(),
    };
    let seen: Vec<String> = inside(&machine, DUMP).lines().map(count).collect();

    // While it runs, and when it has ended.
    let listed = machine.with(&["diff", "{}"]).success().stdout;
    assert!(
        listed.lines().is_sorted_by_key(|line| &line[2..]),
        "{listed}"
    );
    let deep = "A /tree/deep/";
    let mut lines: Vec<&str> = listed.lines().collect();
    lines.retain(|line| !line.starts_with(deep));
    lines.sort_unstable();
    assert_eq!(lines.join("\n") + "\n", EXPECTED);
    assert_eq!(listed.matches(deep).count(), 3);
    let json = machine.with(&["diff", "{}", "--format", "json"]).json();
    assert_eq!(
        (&json[0]["kind"], &json[0]["path"]),
        (&"C".into(), &"/tmp".into())
    );
    assert_eq!(json.as_array().unwrap().len(), listed.lines().count());

    let commit = [
        "commit",
        "--author",
        "me",
        "--message",
        "why",
        "--change",
        "ENV X=1",
        "--change",
        "CMD [\"cat\", \"/tree/added\"]",
        "--pause",
        "{}",
        "made:v2",
    ];
    let digest = machine.with(&commit).success().stdout;
    let digest = digest.trim();
    assert!(digest.starts_with("sha256:"), "{digest}");
    // It goes on.
    inside(&machine, "echo on > /tree/went-on; rm /tree/went-on");
    machine
        .with(&["commit", "--pause=false", "{}"])
        .fails(2, &["--pause"]);
    machine
        .with(&["commit", "-c", "RUN x", "{}"])
        .fails(2, &["--change", "known are"]);

    machine.with(&["kill", "{}"]).success();
    machine.with(&["wait", "{}"]).success();
    assert_eq!(machine.with(&["diff", "{}"]).success().stdout, listed);
    let made = machine.with(&["commit", "{}", "--format", "json"]).json();
    let name = made["name"].as_str().unwrap();
    assert!(name.starts_with("localhost/commit:"), "{name}");

    // As podman sees it.
    let serve = Serve::start(&world);
    let target = format!("{}/acme/changed:v2", serve.address);
    machine.with(&["push", "made:v2", &target]).success();
    let place = |name: &str| world.path(name).to_str().unwrap().to_owned();
    let (root, run, temporary) = (place("root"), place("run"), place("tmp"));
    let podman = |arguments: &[&str]| {
        let fixed = [
            "--root",
            &root,
            "--runroot",
            &run,
            "--tmpdir",
            &temporary,
            "--storage-driver",
            "vfs",
        ];
        tool("podman", &[&fixed[..], arguments].concat())
    };
    podman(&["pull", "-q", "--tls-verify=false", &target]);
    let form = "{{.Digest}} {{.Author}} {{.Comment}} {{.Config.Env}} {{.Config.Cmd}}";
    let inspected = podman(&["image", "inspect", "--format", form, &target]);
    assert_eq!(
        inspected.trim(),
        format!("{digest} me why [X=1] [cat /tree/added]")
    );
    let folder = podman(&["image", "mount", &target]);
    let folder = folder.trim();
    let dump = Command::new("busybox")
        .args(["sh", "-euc", DUMP])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(dump.status.success(), "{dump:?}");
    let found = String::from_utf8(dump.stdout).unwrap();
    let found: Vec<&str> = found.lines().collect();
    for (found, seen) in found.iter().zip(&seen) {
        assert_eq!(found, seen);
    }
    assert_eq!(found.len(), seen.len());
    let mut note = [0; 16];
    let path = format!("{folder}/tree/noted");
    let length = rustix::fs::lgetxattr(&path, "user.note", &mut note).unwrap();
    assert_eq!(&note[..length], b"kept");
    for absent in [
        "data",
        "memory",
        "made",
        "proc",
        "etc/hosts",
        "etc/hostname",
    ] {
        let path = std::path::Path::new(folder).join(absent);
        assert!(!path.exists(), "{absent}");
    }

    // As a machine does.
    let ran = machine.lazaret.run(["-q", "run", "--rm", "made:v2"]);
    assert_eq!(ran.success().stdout, "new\n");
}

#[test]
fn changes_that_cannot_be_read_are_named() {
    let machine = Machine::run("unread", &[], "echo x > /x; echo ready; exec sleep 10000");
    machine.wait_for_logs("ready\n");
    // One that was not started has none, and neither has one that cannot write.
    let create = |name: &str, flags: &[&str]| {
        let fixed = ["-q", "create", "--name", name];
        let rest = ["unread", "true"];
        machine
            .lazaret
            .run([&fixed[..], flags, &rest].concat())
            .success();
    };
    create("unstarted", &[]);
    create("fixed", &["--read-only"]);
    create("whole", &["--fs", "ext4"]);
    let run = |arguments: &[&str]| machine.lazaret.run(arguments.iter().copied());
    assert_eq!(run(&["diff", "unstarted"]).success().stdout, "");
    assert_eq!(run(&["diff", "fixed"]).success().stdout, "");
    run(&["commit", "fixed"]).fails(7, &["read-only"]);
    run(&["diff", "whole"]).fails(7, &["disk of its own", "hint:"]);
    run(&["commit", "whole"]).fails(7, &["disk of its own"]);
    run(&["diff", "nobody"]).fails(4, &["nobody"]);

    machine.with(&["pause", "{}"]).success();
    machine.with(&["diff", "{}"]).fails(7, &["paused"]);
    machine.with(&["unpause", "{}"]).success();
    assert_eq!(machine.with(&["diff", "{}"]).success().stdout, "A /x\n");

    // A client that dies while the machine holds its writes back takes nothing with it.
    let mut client = machine.lazaret.command(["-q", "commit", "unread"]);
    let client = client.stdout(std::process::Stdio::null());
    let mut client = client.spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(150));
    client.kill().unwrap();
    client.wait().unwrap();
    machine
        .with(&["exec", "{}", "sh", "-c", "echo y > /y; sync"])
        .success();
    assert_eq!(
        machine.with(&["diff", "{}"]).success().stdout,
        "A /x\nA /y\n"
    );

    // Killed without a word, it has to be started once more.
    machine.with(&["pause", "{}"]).success();
    machine.with(&["kill", "{}"]).success();
    machine.with(&["wait", "{}"]).success();
    machine
        .with(&["diff", "{}"])
        .fails(7, &["killed", "hint:", "lazaret start"]);
    machine.with(&["commit", "{}"]).fails(7, &["killed"]);
    machine.with(&["start", "{}"]).success();
    let listed = machine.with(&["diff", "{}"]).success().stdout;
    assert!(listed.contains("A /x\n"), "{listed}");
}
