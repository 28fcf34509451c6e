//! Measures machines: starts, commands, streams and memory. The parts of a start are those of the test
//! `timing` of `vm`, which `make bench` runs as well.
//!
//! | row | what is timed |
//! |---|---|
//! | cold | `run --boot cold IMAGE true`, from the command to its exit |
//! | template | the same from a template |
//! | exec | `exec MACHINE true` |
//! | out, in | 256 MiB through `run` |
//! | many | machines of one template at once: memory of their own, and a command in each |

pub(super) mod image;
mod many;

use std::io::Read as _;
use std::process::Stdio;
use std::time::Instant;

use image::IMAGE;

use super::tools::{Bench, median, timed};

const ROUNDS: usize = 10;
const COMMANDS: usize = 40;
const MIB: f64 = 1024.0 * 1024.0;
/// Bytes of a stream.
const STREAM: usize = 256 << 20;

pub(super) fn run(bench: &Bench) -> Result<(), String> {
    image::import(bench)?;
    let start = |boot: &str| {
        let flag = format!("--boot={boot}");
        timed(&mut bench.lazaret(&["-q", "run", "--rm", &flag, IMAGE, "true"]))
    };
    // Makes the template beforehand.
    start("template")?;
    let (mut cold, mut template) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        cold.push(start("cold")?);
        template.push(start("auto")?);
    }
    let (cold, template) = (median(cold), median(template));
    println!("machine: seconds, median of {ROUNDS}");
    println!("  run --boot cold IMAGE true     {cold:.3}");
    println!(
        "  run IMAGE true, from template  {template:.3}  ({:.2} of cold)",
        template / cold
    );
    commands(bench)?;
    streams(bench)?;
    many::measure(bench)
}

/// Commands in a running machine.
fn commands(bench: &Bench) -> Result<(), String> {
    timed(&mut bench.lazaret(&[
        "-q", "run", "-d", "--rm", "--name", "busy", IMAGE, "sleep", "1000",
    ]))?;
    let mut times = Vec::new();
    for _ in 0..COMMANDS {
        times.push(timed(&mut bench.lazaret(&["exec", "busy", "true"]))?);
    }
    times.sort_by(f64::total_cmp);
    timed(&mut bench.lazaret(&["rm", "-f", "busy"]))?;
    let (p50, p95) = (times[COMMANDS / 2], times[COMMANDS * 95 / 100]);
    println!("  exec MACHINE true              {p50:.3}  (p95 {p95:.3}, {COMMANDS} in a row)");
    Ok(())
}

/// Bytes out of a machine and into one. The start is not counted.
fn streams(bench: &Bench) -> Result<(), String> {
    let failed = |error: std::io::Error| error.to_string();
    // The applets `head` and `wc` move single bytes.
    let count = STREAM >> 16;
    let script = format!("echo; exec dd if=/dev/zero bs=64k count={count} 2>/dev/null");
    let mut child = bench
        .lazaret(&["-q", "run", "--rm", IMAGE, "sh", "-c", &script])
        .stdout(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let mut stdout = child.stdout.take().ok_or("no standard output")?;
    stdout.read_exact(&mut [0]).map_err(failed)?;
    let begin = Instant::now();
    let count = std::io::copy(&mut stdout, &mut std::io::sink()).map_err(failed)?;
    let out = begin.elapsed().as_secs_f64();
    child.wait().map_err(failed)?;

    let mut child = bench
        .lazaret(&[
            "-q",
            "run",
            "--rm",
            "-i",
            IMAGE,
            "sh",
            "-c",
            "echo; exec dd of=/dev/null bs=64k 2>&1",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let mut stdout = child.stdout.take().ok_or("no standard output")?;
    stdout.read_exact(&mut [0]).map_err(failed)?;
    let mut stdin = child.stdin.take().ok_or("no standard input")?;
    let begin = Instant::now();
    std::io::copy(&mut std::io::repeat(7).take(STREAM as u64), &mut stdin).map_err(failed)?;
    drop(stdin);
    let mut answer = String::new();
    stdout.read_to_string(&mut answer).map_err(failed)?;
    let into = begin.elapsed().as_secs_f64();
    let status = child.wait().map_err(failed)?;
    if count != STREAM as u64 || !status.success() {
        return Err(format!(
            "{count} bytes came out; those that went in: {answer}"
        ));
    }
    let rate = |seconds: f64| STREAM as f64 / MIB / seconds;
    println!("machine: {} MiB through run", STREAM >> 20);
    println!("  out {:.0} MiB/s, in {:.0} MiB/s", rate(out), rate(into));
    Ok(())
}
