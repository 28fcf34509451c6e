//! What a pack does as a program, and as a machine.

use std::os::unix::fs::PermissionsExt as _;

use super::{GREETING, copy, greeting, parts, program, shared, start, start_with};
use crate::support::{World, finish};

#[test]
fn a_pack_is_a_program() {
    let pack = shared();
    let greeted = start(pack, &[]).success();
    assert_eq!(greeted.stdout, GREETING);
    assert_eq!(
        start(pack, &["a", "--b", "--", "-c"]).success().stdout,
        "a --b -- -c\n"
    );
    // Its flags are the workload's, whatever Lazaret would make of them.
    for words in [
        &["--help"][..],
        &["--version"],
        &["run"],
        &["--format", "json"],
    ] {
        assert_eq!(start(pack, words).success().stdout, words.join(" ") + "\n");
    }
    // The machine is gone with the run.
    let machines = World::new().machine().run(["ps", "-a", "--format", "json"]);
    let machines = machines.success().stdout;
    assert!(!machines.contains("\"--b\""), "{machines}");
}

#[test]
fn input_output_and_status_are_those_of_the_workload() {
    let world = World::new();
    let lazaret = greeting(&world, "packs-status:v1");
    lazaret
        .run([
            "pack",
            "create",
            "packs-status:v1",
            "--output",
            "sh",
            "--entrypoint",
            "/bin/sh",
        ])
        .success();
    let pack = world.path("sh");
    let ran = start_with(&pack, &["-c", "cat; echo error >&2; exit 7"], b"input");
    assert_eq!((ran.status, ran.stdout.as_str()), (Some(7), "input"));
    assert!(ran.stderr.ends_with("error\n"), "{}", ran.stderr);
    start(&pack, &["-c", "exec /absent"]).status(127);
}

/// Kernel, initramfs and disks stay in the pack: QEMU has a descriptor of it, and the machine's folder no
/// copy.
#[test]
fn nothing_is_extracted() {
    let world = World::new();
    let lazaret = world.machine();
    let pack = shared().to_str().unwrap();
    lazaret
        .run([
            "pack",
            "run",
            "-d",
            "--name",
            "packs-open",
            "--entrypoint",
            "/bin/sleep",
            pack,
            "600",
        ])
        .success();
    let outcome = std::panic::catch_unwind(|| {
        let found = lazaret.run(["inspect", "packs-open"]).success().json();
        let id = found[0]["id"].as_str().unwrap().to_owned();
        let folder = lazaret.home().join("data/machines").join(&id);
        let names = std::fs::read_dir(&folder).unwrap();
        let names: Vec<_> = names
            .map(|name| name.unwrap().file_name().into_string().unwrap())
            .collect();
        for name in &names {
            let is_copy = ["root", "kernel", "initramfs", "artifacts"];
            assert!(!is_copy.iter().any(|part| name.contains(part)), "{names:?}");
        }
        let state: serde_json::Value =
            serde_json::from_slice(&std::fs::read(folder.join("state.json")).unwrap()).unwrap();
        let emulator = state["emulator"]["pid"].as_u64().unwrap();
        let open = std::fs::read_dir(format!("/proc/{emulator}/fd")).unwrap();
        let open = open.filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok());
        let open: Vec<_> = open.collect();
        assert!(open.iter().any(|path| path == shared()), "{open:?}");
        let command = std::fs::read(format!("/proc/{emulator}/cmdline")).unwrap();
        let command = String::from_utf8_lossy(&command).replace('\0', " ");
        let root = &parts(shared())[3];
        let range = format!("driver=raw,offset={},size={}", root.1, root.2);
        assert!(command.contains(&range), "{command}");
        // It is a machine like others.
        let listed = lazaret.run(["ps", "--format", "json"]).success().stdout;
        assert!(
            listed.contains("packs-open") && listed.contains("packs-shared"),
            "{listed}"
        );
        let greeted = lazaret.run(["exec", "packs-open", "/bin/echo", "hello"]);
        assert_eq!(greeted.success().stdout, "hello\n");
        lazaret.run(["stop", "-t", "0", "packs-open"]).success();
        lazaret.run(["start", "packs-open"]).success();
        let greeted = lazaret.run(["exec", "packs-open", "/bin/echo", "again"]);
        assert_eq!(greeted.success().stdout, "again\n");
    });
    lazaret.run(["rm", "-f", "packs-open"]).success();
    outcome.unwrap();
}

#[test]
fn it_goes_on_where_a_template_stopped() {
    let world = World::new();
    let lazaret = world.machine();
    let pack = shared().to_str().unwrap();
    let run = [
        "pack",
        "run",
        "--name",
        "packs-template",
        "--boot",
        "template",
        pack,
    ];
    let ran = lazaret.run(run).success();
    let begun = lazaret.run(["inspect", "packs-template"]).success().json();
    lazaret.run(["rm", "-f", "packs-template"]).success();
    assert_eq!(ran.stdout, GREETING);
    assert!(begun[0].to_string().contains("template"), "{begun}");
    assert!(!ran.stderr.contains("booted anew"), "{}", ran.stderr);
}

#[test]
fn flags_have_precedence_over_the_pack() {
    let world = World::new();
    let lazaret = greeting(&world, "packs-flags:v1");
    let key = "--env=GREETING=packed";
    lazaret
        .run([
            "pack",
            "create",
            "packs-flags:v1",
            "-o",
            "flags",
            key,
            "--cpus",
            "1",
            "--mem",
            "200MiB",
            "--user",
            "1000:1000",
            "--workdir",
            "/tmp",
            "--hostname",
            "packed",
            "--entrypoint",
            "/bin/sh",
            "--platform",
            "linux/amd64",
            "--",
            "-c",
            "echo $GREETING $(id -u) $(pwd) $(hostname)",
        ])
        .success();
    let pack = world.path("flags");
    assert_eq!(
        start(&pack, &[]).success().stdout,
        "packed 1000 /tmp packed\n"
    );
    let changed = lazaret.run([
        "pack",
        "run",
        "--rm",
        "-e",
        "GREETING=given",
        "-u",
        "0",
        "-w",
        "/",
        "--hostname",
        "given",
        "flags",
    ]);
    assert_eq!(changed.success().stdout, "given 0 / given\n");
    for flag in [
        &["--kernel", "x"][..],
        &["--verity"],
        &["--pull", "always"],
        &["--fs", "ext4"],
    ] {
        let run = [&["pack", "run"], flag, &["flags"]].concat();
        lazaret
            .run(run)
            .fails(125, &["a pack has no use for", flag[0]]);
    }
    lazaret
        .run([
            "pack",
            "run",
            "--mount",
            "127.0.0.1:1/a/tools/b:v1",
            "flags",
        ])
        .fails(125, &["has its artifacts already"]);
}

#[test]
fn its_own_commands_are_behind_one_word() {
    let pack = shared();
    let version = start(pack, &["--lazaret", "--version"]).success().stdout;
    assert_eq!(
        version,
        World::new().lazaret().run(["--version"]).success().stdout
    );
    let pack_text = pack.to_str().unwrap();
    let named = start(
        pack,
        &[
            "--lazaret",
            "pack",
            "run",
            "--rm",
            "--name",
            "packs-word",
            pack_text,
            "x",
            "y",
        ],
    );
    assert_eq!(named.success().stdout, "x y\n");
    // A pack makes packs: with its program, and without its disks.
    let world = World::new();
    greeting(&world, "packs-shared:v1");
    let again = world.path("again");
    start(
        pack,
        &[
            "--lazaret",
            "pack",
            "create",
            "packs-shared:v1",
            "-o",
            again.to_str().unwrap(),
        ],
    )
    .success();
    assert!(
        std::fs::read(&again).unwrap() == std::fs::read(pack).unwrap(),
        "another pack"
    );
}

/// The pack is replaced by name, as programs are: a machine that runs has the old one.
#[test]
fn a_running_pack_is_replaced_by_rename() {
    let world = World::new();
    let lazaret = world.machine();
    let pack = copy(&world, "greet");
    let mut running = program(&pack);
    running.args(["--lazaret", "pack", "run", "-d", "--name", "packs-replaced"]);
    running.args(["--entrypoint", "/bin/sleep", pack.to_str().unwrap(), "600"]);
    finish(running).success();
    let busy = std::fs::File::options()
        .write(true)
        .open(&pack)
        .unwrap_err();
    assert_eq!(busy.kind(), std::io::ErrorKind::ExecutableFileBusy);
    let new = copy(&world, "new");
    std::fs::rename(&new, &pack).unwrap();
    assert_eq!(start(&pack, &[]).success().stdout, GREETING);
    let exec = lazaret.run(["exec", "packs-replaced", "/bin/echo", "still here"]);
    assert_eq!(exec.success().stdout, "still here\n");
    lazaret.run(["stop", "-t", "0", "packs-replaced"]).success();
    // The same content in another file is looked at again.
    lazaret.run(["start", "packs-replaced"]).success();
    lazaret.run(["stop", "-t", "0", "packs-replaced"]).success();
    std::fs::remove_file(&pack).unwrap();
    lazaret.run(["start", "packs-replaced"]).fails(
        7,
        &["machine 'packs-replaced' is of a pack that is no longer at"],
    );
    lazaret.run(["rm", "-f", "packs-replaced"]).success();
}

#[test]
fn it_runs_without_a_place_to_write_in_its_folder() {
    let world = World::new();
    let folder = world.path("read-only");
    std::fs::create_dir(&folder).unwrap();
    let pack = folder.join("greet");
    std::fs::copy(shared(), &pack).unwrap();
    if !rustix::process::geteuid().is_root() {
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o555)).unwrap();
        assert_eq!(start(&pack, &[]).success().stdout, GREETING);
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
        return;
    }
    // Root writes everywhere but on what is mounted without writing, and executes everywhere but there.
    let text = folder.to_str().unwrap();
    for (options, as_program) in [("ro,bind", true), ("ro,bind,noexec", false)] {
        let script = format!(
            "mount --bind {text} {text} && mount -o remount,{options} {text} && exec \"$@\""
        );
        let lazaret = world.machine();
        let words: Vec<String> = match as_program {
            true => vec![pack.to_str().unwrap().to_owned()],
            false => [
                env!("CARGO_BIN_EXE_lazaret"),
                "pack",
                "run",
                "--rm",
                pack.to_str().unwrap(),
            ]
            .map(str::to_owned)
            .to_vec(),
        };
        let mut command = lazaret.command([""; 0]);
        let environment: Vec<_> = command
            .get_envs()
            .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
            .collect();
        command = std::process::Command::new("unshare");
        command
            .args(["--mount", "sh", "-euc", &script, "sh"])
            .args(words);
        command
            .env_clear()
            .envs(environment)
            .stdin(std::process::Stdio::null());
        assert_eq!(finish(command).success().stdout, GREETING, "{options}");
    }
}

#[test]
fn a_host_that_cannot_run_it_says_so() {
    let pack = shared();
    let mut command = program(pack);
    command.env("PATH", "/nonexistent");
    let refused = finish(command);
    assert_eq!(refused.status, Some(125), "{}", refused.stderr);
    assert!(
        refused.stderr.contains("QEMU") || refused.stderr.contains("qemu"),
        "{}",
        refused.stderr
    );
}
