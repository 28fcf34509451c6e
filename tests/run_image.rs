//! Tests of plain images in machines.

use tar::EntryType;

use crate::support::{Image, Layer, World, busybox_layer};

#[test]
fn the_workload_owns_its_streams_and_its_exit_status() {
    let world = World::new();
    world.imported(Image::busybox(), "streams:v1");
    let script = "echo to stdout; echo to stderr >&2; sha256sum; ls /sys/class/net; exit 42";
    let input = vec![b'x'; 3_000_000];
    let output = world
        .machine()
        .run_with_input(
            [
                "-q",
                "run",
                "--rm",
                "-i",
                "streams:v1",
                "--",
                "/bin/sh",
                "-c",
                script,
            ],
            &input,
        )
        .status(42);
    let digest = lazaret_oci::Digest::of(&input);
    // There is only the loopback interface, because the machine has no network device.
    assert_eq!(
        output.stdout,
        format!("to stdout\n{}  -\nlo\n", digest.hex())
    );
    assert_eq!(output.stderr, "to stderr\n");
}

#[test]
fn image_configuration_and_flags_decide_the_process() {
    let world = World::new();
    let image = Image::busybox().process(|process| {
        process.user = "worker".into();
        process.env = vec!["PATH=/bin".into(), "A=image".into(), "B=image".into()];
        process.working_dir = "/jobs/place".into();
        process.entrypoint = vec!["sh".into(), "-c".into()];
        process.cmd = vec!["id; pwd; echo $A $B $HOME; hostname".into()];
    });
    world.imported(image, "process:v1");
    let lazaret = world.machine();
    let output = lazaret
        .run([
            "-q",
            "run",
            "-e",
            "B=flag",
            "--hostname",
            "named",
            "process:v1",
        ])
        .success();
    assert_eq!(
        output.stdout,
        "uid=1000(worker) gid=2000(worker) groups=2000(worker),3000(extra)\n/jobs/place\nimage flag /home/worker\nnamed\n"
    );
    let output = lazaret
        .run([
            "-q",
            "run",
            "--user",
            "7:8",
            "--workdir",
            "/tmp",
            "process:v1",
            "--",
            "id -u; id -g; pwd",
        ])
        .success();
    assert_eq!(output.stdout, "7\n8\n/tmp\n");
}

#[test]
fn commands_that_cannot_run_are_told_apart() {
    let world = World::new();
    let image = Image::busybox().layer(
        Layer::new()
            .file("bin/data", b"no program")
            .program("bin/script", b"#!/no/interpreter\n"),
    );
    world.imported(image, "commands:v1");
    let lazaret = world.machine();
    lazaret
        .run(["run", "commands:v1", "--", "missing"])
        .fails(127, &["missing", "not found"]);
    lazaret
        .run(["run", "commands:v1", "--", "/bin/data"])
        .fails(126, &["/bin/data"]);
    lazaret
        .run([
            "run",
            "commands:v1",
            "--",
            "sh",
            "-c",
            "sh -c 'kill -9 $$'; exit $?",
        ])
        .status(137);
    lazaret.run(["run", "commands:v1"]).fails(125, &["command"]);
}

#[test]
fn a_read_only_root_refuses_even_root() {
    let world = World::new();
    world.imported(Image::busybox(), "read-only:v1");
    let script = "touch /etc/x 2>&1; touch /tmp/ok && echo temporary files work; mount -o remount,rw / 2>/dev/null; touch /etc/x 2>/dev/null || echo still refused";
    let output = world
        .machine()
        .run([
            "-q",
            "run",
            "--read-only",
            "read-only:v1",
            "--",
            "sh",
            "-c",
            script,
        ])
        .success();
    assert!(
        output.stdout.contains("Read-only file system"),
        "{}",
        output.stdout
    );
    assert!(
        output
            .stdout
            .ends_with("temporary files work\nstill refused\n"),
        "{}",
        output.stdout
    );
}

#[test]
fn writes_go_to_an_overlay_and_are_gone_next_time() {
    let world = World::new();
    world.imported(Image::busybox(), "overlay:v1");
    let script = "test ! -e /etc/mine && echo mine > /etc/mine && rm /etc/group && dd if=/dev/zero of=/big bs=1M count=64 2>/dev/null && ls /etc";
    for _ in 0..2 {
        let output = world
            .machine()
            .run([
                "-q",
                "run",
                "--mem",
                "256",
                "overlay:v1",
                "--",
                "sh",
                "-c",
                script,
            ])
            .success();
        assert!(output.stdout.contains("mine") && !output.stdout.contains("group"));
    }
}

/// The root file system is an ext4 of the machine's own: there is no overlay, and it is removed
/// afterwards.
#[test]
fn a_root_of_the_machines_own_is_one_writable_ext4() {
    let world = World::new();
    world.imported(Image::busybox(), "own:v1");
    let lazaret = world.machine();
    let script = "cat /marker; touch /marker; grep ' / ' /proc/mounts; df -h / | tail -1";
    for _ in 0..2 {
        let run = [
            "-q",
            "run",
            "--fs",
            "ext4",
            "--disk-size",
            "3GiB",
            "own:v1",
            "--",
            "sh",
            "-c",
            script,
        ];
        let output = lazaret.run(run).success();
        assert!(
            output.stderr.contains("/marker': No such file"),
            "{}",
            output.stderr
        );
        assert!(output.stdout.contains(" / ext4 rw"), "{}", output.stdout);
        assert!(output.stdout.contains("2.9G"), "{}", output.stdout);
    }
    lazaret
        .run(["run", "--fs", "ext4", "--read-only", "own:v1"])
        .fails(125, &["--read-only"]);
}

/// Two images with a common layer share one copy of it; a machine sees one plain disk.
#[test]
fn images_share_the_disks_of_their_layers() {
    let world = World::new();
    let home = world.path("home");
    let lazaret = crate::support::Lazaret::new(&home, &world.path(""));
    std::fs::create_dir_all(home.join("data")).unwrap();
    let kernels = crate::support::machine_home().join("data/kernels");
    std::os::unix::fs::symlink(kernels, home.join("data/kernels")).unwrap();
    let large = vec![b'l'; 3_000_000];
    let script = "cat /name; sha256sum < /large; wc -c < /bin/busybox; grep -c / /many/*";
    for name in ["first", "second"] {
        let mut image = Image::busybox().layer(Layer::new().file("large", &large));
        // There are more layers than an overlay could mount.
        for number in 0..70 {
            let path = format!("many/{number}");
            image = image.layer(Layer::new().file(&path, format!("{name}/{number}").as_bytes()));
        }
        let layout = world.path(name);
        image
            .layer(Layer::new().file("name", name.as_bytes()))
            .write(&layout);
        let import = ["image", "import", layout.to_str().unwrap(), name];
        lazaret.run(import).success();
        let output = lazaret.run(["-q", "run", name, "--", "sh", "-c", script]);
        let output = output.success().stdout;
        let digest = lazaret_oci::Digest::of(&large);
        assert!(
            output.starts_with(name) && output.contains(digest.hex()),
            "{output}"
        );
        assert_eq!(output.matches("/many/").count(), 70, "{output}");
    }
    let disks = home.join("data/images/disks");
    let count = |start: &str| {
        let names = std::fs::read_dir(&disks).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names
            .filter(|name| name.starts_with(start) && !name.ends_with(".lock"))
            .count()
    };
    // The layers of busybox and of the large file exist once, all others twice.
    assert_eq!((count("layer-"), count("image-")), (2 + 2 * 71, 2));
    lazaret.run(["image", "rm", "first"]).success();
    assert_eq!((count("layer-"), count("image-")), (2 + 71, 1));
    lazaret.run(["-q", "run", "second", "--", "true"]).success();
}

/// Every block is checked: a changed block gives an error, never other content.
#[test]
fn a_checked_disk_refuses_what_was_changed() {
    let world = World::new();
    let content = b"a line that is nowhere else\n".repeat(2000);
    let image = Image::busybox().layer(Layer::new().file("secret", &content));
    let layout = image.write(&world.path("layout"));
    // A separate home, because its disks are damaged.
    let home = world.path("home");
    let lazaret = crate::support::Lazaret::new(&home, &world.path(""));
    let kernels = crate::support::machine_home().join("data/kernels");
    lazaret
        .run(["image", "import", layout.to_str().unwrap(), "checked:v1"])
        .success();
    std::os::unix::fs::symlink(kernels, home.join("data/kernels")).unwrap();
    let script = "grep ' / ' /proc/mounts; sha256sum /secret";
    let run = [
        "-q",
        "run",
        "--verity",
        "checked:v1",
        "--",
        "sh",
        "-c",
        script,
    ];
    let output = lazaret.run(run).success();
    let digest = lazaret_oci::Digest::of(&content);
    assert!(output.stdout.contains(digest.hex()), "{}", output.stdout);

    let disks = std::fs::read_dir(home.join("data/images/disks")).unwrap();
    let names: Vec<_> = disks.map(|entry| entry.unwrap().path()).collect();
    let disk = names
        .iter()
        .find(|path| path.extension().is_some_and(|e| e == "erofs"));
    let disk = disk.expect("a checked disk");
    let mut bytes = std::fs::read(disk).unwrap();
    let at = bytes
        .windows(28)
        .position(|window| window == &content[..28])
        .unwrap();
    bytes[at] = b'A';
    std::fs::write(disk, &bytes).unwrap();
    let output = lazaret.run(run).status(1);
    assert!(
        output.stderr.contains("Input/output error"),
        "{}",
        output.stderr
    );
    // Pruning keeps the disk and its root hash.
    let pruned = lazaret.run(["image", "prune", "--format", "json"]);
    assert_eq!(pruned.success().json()["freed"], 0);
}

#[test]
fn every_kind_of_entry_comes_out_right_inside() {
    let world = World::new();
    let busybox = std::fs::read("/bin/busybox").unwrap();
    // cap_net_raw+ep in the kernel's format (VFS_CAP_REVISION_2, effective).
    let capability = [
        0x01, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ];
    let lower = busybox_layer()
        .entry(
            "bin/busybox-suid",
            EntryType::Regular,
            0o4755,
            (0, 0),
            "",
            &busybox,
        )
        .xattr("security.capability", &capability)
        .program("bin/busybox-caps", &busybox)
        .directory("data", 0o755)
        .entry(
            "data/owned",
            EntryType::Regular,
            0o640,
            (1000, 2000),
            "",
            b"owned",
        )
        .file("data/pair-1", b"same inode")
        .hardlink("data/pair-2", "data/pair-1")
        .file("data/removed", b"x")
        .directory("data/opaque", 0o755)
        .file("data/opaque/old", b"x")
        .directory("data/becomes-file", 0o755)
        .file("data/becomes-file/inner", b"x")
        .file("data/becomes-folder", b"x");
    let upper = Layer::new()
        .file("data/.wh.removed", b"")
        .file("data/opaque/new", b"x")
        .file("data/opaque/.wh..wh..opq", b"")
        .file("data/becomes-file", b"now a file")
        .directory("data/becomes-folder", 0o2775)
        .hardlink("data/pair-3", "data/pair-1");
    world.imported(Image::new().layer(lower).layer(upper), "entries:v1");
    let script = "\
        stat -c '%a %U:%G' /bin/busybox-suid
        stat -c '%a %u:%g %s' /data/owned
        stat -c '%h %Y' /data/pair-1
        test $(stat -c %i /data/pair-1) = $(stat -c %i /data/pair-2) && echo same inode
        test $(stat -c %i /data/pair-1) = $(stat -c %i /data/pair-3) && echo across layers
        test ! -e /data/removed && echo removed
        ls /data/opaque
        cat /data/becomes-file; echo
        stat -c '%a %F' /data/becomes-folder";
    let lazaret = world.machine();
    let output = lazaret
        .run(["-q", "run", "entries:v1", "--", "sh", "-euc", script])
        .success();
    let expected = "4755 root:root\n640 1000:2000 5\n3 1700000000\nsame inode\nacross layers\nremoved\nnew\nnow a file\n2775 directory\n";
    assert_eq!(output.stdout, expected);
    // Both programs gain privileges only if mode and capabilities are really set.
    let script = "/bin/busybox-caps grep CapEff /proc/self/status; /bin/busybox-suid grep Uid /proc/self/status";
    let output = lazaret
        .run([
            "-q",
            "run",
            "--user",
            "worker",
            "entries:v1",
            "--",
            "sh",
            "-c",
            script,
        ])
        .success();
    let lines: Vec<&str> = output.stdout.lines().collect();
    assert_eq!(lines[0], "CapEff:\t0000000000002000");
    // Busybox drops privileges that it does not need; the saved id shows that it had them.
    assert!(lines[1].starts_with("Uid:\t1000\t"), "{}", lines[1]);
}
