//! Packs: programs that are machines.

mod damage;
mod dance;
mod foreign;
mod large;
mod making;
mod places;
mod registries;
mod running;
mod signatures;

use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use lazaret_testing::program::{Output, finish, finish_with};
use tempfile::TempDir;

use crate::support::{Image, Lazaret, World, machine_home};

/// What the workload of the shared pack says without arguments.
const GREETING: &str = "from the pack\n";

/// A pack of busybox that greets, made once: its folder and its path.
fn shared() -> &'static Path {
    static PACK: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = PACK.get_or_init(|| {
        let world = World::new();
        let lazaret = greeting(&world, "packs-shared:v1");
        let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let path = folder.path().join("greet");
        lazaret
            .run([
                "pack",
                "create",
                "packs-shared:v1",
                "-o",
                path.to_str().unwrap(),
            ])
            .success();
        (folder, path)
    });
    path
}

/// Imports an image that greets.
fn greeting(world: &World, name: &str) -> Lazaret {
    let image = Image::busybox().process(|process| {
        process.entrypoint = ["/bin/sh", "-c", "echo ${*:-from the pack}", "greet"]
            .map(str::to_owned)
            .to_vec();
    });
    imported(world, image, name)
}

/// Imports an image, and removes the files that it was made of, which have its name.
fn imported(world: &World, image: Image, name: &str) -> Lazaret {
    let lazaret = world.imported(image, name);
    std::fs::remove_dir_all(world.path(name)).unwrap();
    lazaret
}

/// A pack as a program, with the home that all machine tests share.
fn program(pack: &Path) -> Command {
    let mut command = Command::new(pack);
    command
        .env_clear()
        .env("PATH", std::env::var("PATH").unwrap())
        .env("HOME", "/nonexistent")
        .env("LAZARET_HOME", machine_home())
        .env("LAZARET_KERNEL_SOURCE", "none")
        .stdin(Stdio::null());
    command
}

fn start(pack: &Path, arguments: &[&str]) -> Output {
    let mut command = program(pack);
    command.args(arguments);
    finish(command)
}

fn start_with(pack: &Path, arguments: &[&str], input: &[u8]) -> Output {
    let mut command = program(pack);
    command.args(arguments);
    finish_with(command, input)
}

/// A copy that may be changed.
fn copy(world: &World, name: &str) -> PathBuf {
    let path = world.path(name);
    std::fs::copy(shared(), &path).unwrap();
    path
}

/// Inverts bits of one byte of a file.
fn flip(path: &Path, at: u64) {
    let file = std::fs::File::options()
        .read(true)
        .write(true)
        .open(path)
        .unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).unwrap();
    file.write_all_at(&[byte[0] ^ 0x41], at).unwrap();
}

/// The parts of a pack: name, offset and size.
fn parts(pack: &Path) -> Vec<(String, u64, u64)> {
    let world = World::new();
    let lazaret = world.machine();
    let found = lazaret.run([
        "pack",
        "inspect",
        "--format",
        "json",
        pack.to_str().unwrap(),
    ]);
    let found = found.success().json();
    let parts = found["parts"].as_array().unwrap().iter().map(|part| {
        let number = |name: &str| part[name].as_u64().unwrap();
        (
            part["kind"].as_str().unwrap().to_owned(),
            number("offset"),
            number("size"),
        )
    });
    parts.collect()
}
