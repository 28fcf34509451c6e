//! Measures packs.
//!
//! | row | what is timed |
//! |---|---|
//! | create | `pack create` of an image against `rootfs build` of the same one |
//! | start | a pack of Debian's Python against `run` of the same image, both from a template |
//! | dance | an image that docker saved, to a pack: `registry with` against containers of a registry and a client |
//!
//! `LAZARET_BENCH_LAYOUT=DIR:TAG` is the image of the first row, as for the subject `rootfs`.

mod dance;

use std::process::Command;

use super::machine::image;
use super::tools::{Bench, median, timed};

const ROUNDS: usize = 5;
const STARTS: usize = 10;
const PYTHON: &str = "bench-python:v1";

pub(super) fn run(bench: &Bench) -> Result<(), String> {
    image::import(bench)?;
    let rootfs = bench.path("python");
    timed(Command::new("scripts/python-rootfs.sh").arg(&rootfs))?;
    timed(&mut bench.lazaret(&["image", "import", &rootfs, PYTHON]))?;
    println!("pack: seconds, median of {ROUNDS}");
    create(bench)?;
    starts(bench)?;
    dance::run(bench)
}

fn create(bench: &Bench) -> Result<(), String> {
    let source = match std::env::var("LAZARET_BENCH_LAYOUT") {
        Ok(layout) => format!("oci:{layout}"),
        Err(_) => PYTHON.to_owned(),
    };
    let (pack, disk) = (bench.path("pack"), bench.path("pack-disk"));
    let (mut packs, mut disks) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        for path in [&pack, &disk] {
            let _absent = std::fs::remove_file(path);
        }
        timed(&mut Command::new("sync"))?;
        let build = ["rootfs", "build", &source, "-o", &disk, "--fs", "erofs"];
        disks.push(timed(&mut bench.lazaret(&build))?);
        packs.push(timed(
            &mut bench.lazaret(&["pack", "create", &source, "-o", &pack]),
        )?);
    }
    let again = timed(&mut bench.lazaret(&["pack", "create", &source, "-o", &pack]))?;
    let (packs, disks) = (median(packs), median(disks));
    println!("  rootfs build --fs erofs        {disks:.3}");
    println!(
        "  pack create                    {packs:.3}  ({:.2} of it)",
        packs / disks
    );
    println!("  pack create, unchanged         {again:.3}");
    Ok(())
}

fn starts(bench: &Bench) -> Result<(), String> {
    let pack = bench.path("python.pack");
    let program = "--entrypoint=/usr/bin/python3";
    timed(&mut bench.lazaret(&["pack", "create", PYTHON, "-o", &pack, program]))?;
    let run = || {
        let words = ["-q", "run", "--rm", program, PYTHON, "-c", "pass"];
        timed(&mut bench.lazaret(&words))
    };
    let start = || {
        let mut command = bench.lazaret(&[]);
        let home: Vec<_> = command
            .get_envs()
            .map(|(name, value)| (name.to_owned(), value.map(ToOwned::to_owned)))
            .collect();
        command = Command::new(&pack);
        for (name, value) in home {
            if let Some(value) = value {
                command.env(name, value);
            }
        }
        timed(
            command
                .args(["-c", "pass"])
                .stdin(std::process::Stdio::null()),
        )
    };
    // Makes the templates beforehand.
    timed(&mut bench.lazaret(&[
        "-q",
        "run",
        "--rm",
        "--boot=template",
        program,
        PYTHON,
        "-c",
        "pass",
    ]))?;
    timed(&mut bench.lazaret(&[
        "-q",
        "pack",
        "run",
        "--rm",
        "--boot=template",
        &pack,
        "-c",
        "pass",
    ]))?;
    let (mut runs, mut packs) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        runs.push(run()?);
        packs.push(start()?);
    }
    let (runs, packs) = (median(runs), median(packs));
    println!("  run IMAGE python3 -c pass      {runs:.3}  (median of {STARTS})");
    println!(
        "  ./PACK -c pass                 {packs:.3}  ({:+.3})",
        packs - runs
    );
    Ok(())
}
