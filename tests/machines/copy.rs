//! `cp`, by the rules of `docker cp`: both directions, attributes, archives, and hostile machines.

use std::fs;
use std::os::unix::fs::{FileExt as _, MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::{Machine, eventually};
use crate::support::{Output, World};

/// A machine that waits, and a folder of the host.
struct Pair {
    machine: Machine,
    host: World,
}

impl Pair {
    fn new(name: &str) -> Self {
        Self {
            machine: Machine::run(name, &[], "exec sleep 10000"),
            host: World::new(),
        }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.host.path(name)
    }

    /// A side of a copy: `m:PATH` is of the machine, `-` a stream, and all else of the host.
    fn side(&self, text: &str) -> String {
        match text.strip_prefix("m:") {
            Some(path) => format!("{}:{path}", self.machine.name),
            None if text == "-" => text.to_owned(),
            None => format!("{}/{text}", self.at("").display()),
        }
    }

    fn cp(&self, flags: &[&str], from: &str, to: &str) -> Output {
        let sides = [self.side(from), self.side(to)];
        let words = ["cp"].iter().chain(flags).map(ToString::to_string);
        self.machine.lazaret.run(words.chain(sides))
    }

    /// Runs a script in the machine.
    fn sh(&self, script: &str) -> String {
        let output = self.machine.with(&["exec", "{}", "sh", "-euc", script]);
        output.success().stdout
    }
}

/// Source, target, and the file that is made; or the exit status, with a part of the message.
type Rule<'a> = (&'a str, &'a str, Result<&'a str, (i32, &'a str)>);

#[test]
fn files_and_folders_go_where_docker_puts_them() {
    let pair = Pair::new("copies");
    for folder in ["dir/below", "there/dir"] {
        fs::create_dir_all(pair.at(folder)).unwrap();
    }
    for (file, text) in [("file", "new"), ("dir/below/one", "1"), ("old", "old")] {
        fs::write(pair.at(file), text).unwrap();
    }
    pair.sh("mkdir -p /dir/below /there /t; echo -n new > /file; echo -n 1 > /dir/below/one; echo -n old > /old");
    // Every row both ways: source, target, the file that is made (the same below both roots), or
    // the exit status and a part of the message.
    let rules: [Rule<'_>; 14] = [
        ("file", "new-name", Ok("new-name")),
        ("file", "old", Ok("old")),
        ("file", "there", Ok("there/file")),
        ("file", "there/", Ok("there/file")),
        ("file", "missing/", Err((4, "missing"))),
        ("file", "missing/name", Err((4, "missing"))),
        ("file", "old/name", Err((7, "old"))),
        ("dir", "made", Ok("made/below/one")),
        ("dir", "there", Ok("there/dir/below/one")),
        ("dir/.", "there", Ok("there/below/one")),
        ("dir/.", "content", Ok("content/below/one")),
        ("dir", "old", Err((7, "old"))),
        ("dir/.", "old", Err((7, "old"))),
        ("nothing", "made", Err((4, "nothing"))),
    ];
    for (source, target, expected) in rules {
        let into = pair.cp(&[], source, &format!("m:/{target}"));
        let out = pair.cp(&[], &format!("m:{source}"), target);
        match expected {
            Ok(made) => {
                assert!(
                    into.success().stderr.starts_with("copied 1 file, "),
                    "{source} {target}"
                );
                out.success();
                let text = if source == "file" { "new" } else { "1" };
                assert_eq!(pair.sh(&format!("cat /{made}")), text, "{source} {target}");
                assert_eq!(
                    fs::read_to_string(pair.at(made)).unwrap(),
                    text,
                    "{source} {target}"
                );
            }
            Err((status, part)) => {
                into.fails(status, &[part]);
                out.fails(status, &[part]);
            }
        }
    }
    assert_eq!(pair.sh("ls /missing 2>/dev/null || echo none"), "none\n");
    // Over what it has made, and quietly.
    let again = pair.cp(&["-q"], "dir", "m:made").success();
    assert_eq!(again.stderr, "");
    pair.cp(&[], "m:dir", "made").success();
}

#[test]
fn sides_that_make_no_sense_are_usage_errors() {
    let pair = Pair::new("sides");
    fs::write(pair.at("a:b"), "colon").unwrap();
    pair.cp(&[], "x", "y").fails(2, &["no side"]);
    pair.cp(&[], "m:x", "m:y").fails(2, &["both sides"]);
    pair.cp(&[], "-", "-").fails(2, &["no side"]);
    pair.cp(&[], "m:", "y").fails(2, &["empty"]);
    let run = |arguments: [&str; 3]| {
        let mut command = pair.machine.lazaret.command(arguments);
        command.current_dir(pair.at(""));
        crate::support::finish(command)
    };
    run(["cp", "./a:b", "sides:/colon"]).success();
    assert_eq!(pair.sh("cat /colon"), "colon");
    run(["cp", "a:b", "sides:/colon"]).fails(2, &["both sides"]);
    run(["cp", "absent:/x", "."]).fails(4, &["absent"]);
    pair.machine.with(&["pause", "{}"]).success();
    pair.cp(&[], "m:/colon", "colon").fails(7, &["paused"]);
    pair.machine.with(&["unpause", "{}"]).success();
    pair.machine.with(&["stop", "-t", "0", "{}"]).success();
    let stopped = pair.cp(&[], "m:/colon", "colon");
    stopped.fails(7, &["'sides' is not running", "lazaret start sides"]);
}

#[test]
fn links_modes_times_and_owners_are_kept_as_asked() {
    let pair = Pair::new("attributes");
    pair.sh(
        "mkdir -p /a/sub; echo text > /a/file; chown 1000:2000 /a/file; chmod 4751 /a/file
        ln -s file /a/link; ln -s /nowhere /a/lost; ln -s a /to-a; ln -s a/file /to-file
        touch -d '2001-02-03 04:05:06' /a/file; chmod 500 /a/sub",
    );
    pair.cp(&[], "m:a", "plain").success();
    let plain = fs::metadata(pair.at("plain/file")).unwrap();
    let me = fs::metadata(pair.at("")).unwrap();
    assert_eq!((plain.uid(), plain.gid()), (me.uid(), me.gid()));
    assert_eq!((plain.mode() & 0o7777, plain.mtime()), (0o751, 981_173_106));
    assert_eq!(
        fs::metadata(pair.at("plain/sub")).unwrap().mode() & 0o7777,
        0o500
    );
    assert_eq!(
        fs::read_link(pair.at("plain/link")).unwrap(),
        Path::new("file")
    );
    assert_eq!(
        fs::read_link(pair.at("plain/lost")).unwrap(),
        Path::new("/nowhere")
    );
    pair.cp(&["--archive"], "m:a", "kept").success();
    let kept = fs::metadata(pair.at("kept/file")).unwrap();
    if me.uid() == 0 {
        assert_eq!(
            (kept.uid(), kept.gid(), kept.mode() & 0o7777),
            (1000, 2000, 0o4751)
        );
    }
    // A link that is named is copied as one, unless it is followed.
    pair.cp(&[], "m:to-file", "named").success();
    assert_eq!(
        fs::read_link(pair.at("named")).unwrap(),
        Path::new("a/file")
    );
    pair.cp(&["--follow-link"], "m:to-file", "followed")
        .success();
    assert_eq!(fs::read_to_string(pair.at("followed")).unwrap(), "text\n");
    pair.cp(&["-L"], "m:to-a", "followed-folder").success();
    assert!(pair.at("followed-folder/file").is_file());

    // The other way; what arrives is root's unless owners are kept.
    symlink("kept/file", pair.at("host-link")).unwrap();
    pair.cp(&[], "kept", "m:/plain").success();
    pair.cp(&["-a"], "kept", "m:/kept").success();
    pair.cp(&[], "host-link", "m:/named").success();
    pair.cp(&["-L"], "host-link", "m:/followed").success();
    let shown = pair.sh(
        "stat -c '%u:%g %a %Y' /plain/file /kept/file; readlink /plain/lost; readlink /named; cat /followed",
    );
    let owner = if me.uid() == 0 {
        "1000:2000 4751"
    } else {
        "0:0 751"
    };
    let expected = format!("0:0 751 981173106\n{owner} 981173106\n/nowhere\nkept/file\ntext\n");
    assert_eq!(shown, expected);
}

#[test]
fn sparse_files_stay_sparse() {
    let pair = Pair::new("sparse");
    let file = fs::File::create(pair.at("big")).unwrap();
    file.set_len(1 << 30).unwrap();
    file.write_all_at(b"middle", 1 << 29).unwrap();
    let begin = Instant::now();
    pair.cp(&[], "big", "m:/big").success();
    pair.cp(&[], "m:/big", "back").success();
    let took = begin.elapsed();
    assert!(took < Duration::from_secs(30), "{took:?}");
    let shown =
        pair.sh("stat -c '%s %b' /big; dd if=/big bs=1M count=1 skip=512 2>/dev/null | head -c 6");
    let (size, text) = shown.split_once('\n').unwrap();
    let (size, blocks) = size.split_once(' ').unwrap();
    assert_eq!((size, text), ("1073741824", "middle"));
    assert!(blocks.parse::<u64>().unwrap() < 1000, "{shown}");
    let back = fs::metadata(pair.at("back")).unwrap();
    assert_eq!(back.len(), 1 << 30);
    assert!(back.blocks() < 1000, "{}", back.blocks());
    let mut text = [0; 6];
    let back = fs::File::open(pair.at("back")).unwrap();
    back.read_exact_at(&mut text, 1 << 29).unwrap();
    assert_eq!(&text, b"middle");
}

#[test]
fn archives_go_through_the_standard_streams() {
    let pair = Pair::new("streams");
    pair.sh(
        "mkdir -p /src/sub /dst; echo one > /src/sub/one; ln -s sub /src/link; mkdir /src/none",
    );
    // What comes out is what the host's tar reads.
    let mut cp = pair.machine.lazaret.command(["cp", "streams:/src", "-"]);
    let mut tar = Command::new("tar");
    tar.args(["-xf", "-", "-C"]).arg(pair.at(""));
    let mut cp = cp.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let status = tar.stdin(cp.stdout.take().unwrap()).status().unwrap();
    assert!(status.success() && cp.wait().unwrap().success());
    assert_eq!(fs::read_to_string(pair.at("src/sub/one")).unwrap(), "one\n");
    assert_eq!(
        fs::read_link(pair.at("src/link")).unwrap(),
        Path::new("sub")
    );
    // What the host's tar writes goes in.
    for format in ["gnu", "posix"] {
        let mut tar = Command::new("tar");
        tar.args([
            &format!("--format={format}"),
            "--owner=1000",
            "-cf",
            "-",
            "-C",
        ]);
        let archive = tar.arg(pair.at("")).arg("src").output().unwrap().stdout;
        let into = ["cp", "-", "streams:/dst"];
        pair.machine
            .lazaret
            .run_with_input(into, &archive)
            .success();
        assert_eq!(
            pair.sh("cat /dst/src/link/one; stat -c %u /dst/src/sub/one"),
            "one\n0\n"
        );
    }
    let lazaret = &pair.machine.lazaret;
    let into = ["cp", "-", "streams:/missing"];
    lazaret
        .run_with_input(into, &[0; 1024])
        .fails(4, &["/missing"]);
    let into = ["cp", "-", "streams:/dst"];
    lazaret
        .run_with_input(into, &[7; 1024])
        .fails(5, &["damaged"]);
    pair.cp(&[], "m:/missing", "-").fails(4, &["/missing"]);
    // A reader that has enough is no failure.
    let mut cp = lazaret.command(["cp", "streams:/bin", "-"]);
    let mut cp = cp.stdout(std::process::Stdio::piped()).spawn().unwrap();
    drop(cp.stdout.take());
    assert!(cp.wait().unwrap().success());
}

#[test]
fn the_kernels_files_sockets_and_devices_do_no_harm() {
    let pair = Pair::new("special");
    pair.sh("mkdir /some; ln -s /proc /some/proc; mkdir -p /some/deep; echo x > /some/deep/file");
    // The whole machine, with /proc, /sys and /dev.
    let all = pair.cp(&[], "m:/", "all").success();
    assert!(all.stderr.contains("copied "), "{}", all.stderr);
    assert!(pair.at("all/some/deep/file").is_file() && pair.at("all/bin/busybox").is_file());
    for empty in ["all/proc", "all/sys"] {
        assert_eq!(fs::read_dir(pair.at(empty)).unwrap().count(), 0, "{empty}");
    }
    pair.cp(&[], "m:/proc", "proc")
        .fails(5, &["file system of the kernel"]);
    let socket = std::os::unix::net::UnixListener::bind(pair.at("all/some/socket")).unwrap();
    let warned = pair.cp(&[], "all/some", "m:/back").success();
    assert!(
        warned
            .stderr
            .contains("warning: 'some/socket' is left out: it is a socket")
    );
    drop(socket);
}

#[test]
fn a_machine_cannot_lead_a_copy_out_of_its_target() {
    let pair = Pair::new("hostile");
    fs::create_dir(pair.at("outside")).unwrap();
    fs::write(pair.at("outside/secret"), "untouched").unwrap();
    fs::create_dir(pair.at("target")).unwrap();
    let outside = pair.at("outside");
    pair.sh(&format!(
        "mkdir /evil; ln -s {} /evil/way",
        outside.display()
    ));
    pair.cp(&[], "m:/evil/.", "target").success();
    assert_eq!(fs::read_link(pair.at("target/way")).unwrap(), outside);
    // Now it has a folder where it had the link.
    pair.sh(
        "rm /evil/way; mkdir /evil/way; echo evil > /evil/way/secret; echo evil > /evil/way/new",
    );
    let failed = pair.cp(&[], "m:/evil/.", "target");
    failed.fails(7, &["target/way", "symbolic link"]);
    pair.sh("rm /evil/way/*");
    // Or a file, which is not written through the link.
    pair.sh("rm -r /evil/way; echo evil > /evil/way");
    pair.cp(&[], "m:/evil/.", "target")
        .fails(7, &["target/way"]);
    let names: Vec<_> = fs::read_dir(&outside).unwrap().collect();
    assert_eq!(names.len(), 1);
    assert_eq!(
        fs::read_to_string(outside.join("secret")).unwrap(),
        "untouched"
    );
    // The machine's own links are resolved in its own root.
    pair.sh("mkdir /inner; ln -s ../../../../../../inner /evil/up");
    fs::write(pair.at("file"), "in").unwrap();
    pair.cp(&[], "file", "m:/evil/up").success();
    assert_eq!(pair.sh("cat /inner/file"), "in");
}

#[test]
fn a_copy_that_ends_early_says_what_is_incomplete() {
    let pair = Pair::new("early");
    let piece = vec![7; 1 << 20];
    let file = fs::File::create(pair.at("large")).unwrap();
    for place in 0..400 {
        file.write_all_at(&piece, place << 20).unwrap();
    }
    pair.sh("mkdir /src");
    pair.cp(&[], "large", "m:/src").success();
    let mut cp = pair.machine.lazaret.command(["cp", "early:/src"]);
    cp.arg(pair.at("copy")).stderr(std::process::Stdio::piped());
    let cp = cp.spawn().unwrap();
    eventually("the copy is on its way", || {
        fs::metadata(pair.at("copy/large")).is_ok_and(|file| file.len() > 0)
    });
    let id = rustix::process::Pid::from_raw(cp.id().cast_signed()).unwrap();
    rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
    let output = cp.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{stderr}");
    assert!(
        stderr.contains("copy/large' is incomplete: interrupted"),
        "{stderr}"
    );
    // A machine whose disk is full.
    let file = fs::File::create(pair.at("huge")).unwrap();
    for place in 0..8 {
        file.write_all_at(&piece, place << 20).unwrap();
    }
    pair.sh("mkdir /small; mount -t tmpfs -o size=4m none /small");
    pair.cp(&[], "huge", "m:/small")
        .fails(9, &["'/small/huge' is incomplete", "No space left"]);
    fs::set_permissions(pair.at("huge"), fs::Permissions::from_mode(0o600)).unwrap();
}
