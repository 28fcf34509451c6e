//! Many machines of one template.

use std::time::Instant;

use serde_json::Value;

use super::image::IMAGE;
use crate::bench::tools::{Bench, timed};

const MACHINES: usize = 50;

pub(super) fn measure(bench: &Bench) -> Result<(), String> {
    let name = |number: usize| format!("many-{number}");
    let begin = Instant::now();
    for number in 0..MACHINES {
        let name = name(number);
        let run = [
            "-q", "run", "-d", "--rm", "--name", &name, "--mem", "128M", IMAGE, "sleep", "1000",
        ];
        timed(&mut bench.lazaret(&run))?;
    }
    let started = begin.elapsed().as_secs_f64();
    let begin = Instant::now();
    for number in 0..MACHINES {
        timed(&mut bench.lazaret(&["exec", &name(number), "true"]))?;
    }
    let answered = begin.elapsed().as_secs_f64();
    let mut own = Vec::new();
    for number in 0..MACHINES {
        let output = bench.lazaret(&["inspect", &name(number)]).output();
        let output = output.map_err(|error| error.to_string())?;
        let described: Value =
            serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())?;
        let pid = described[0]["state"]["pid"]
            .as_u64()
            .ok_or("no process id")?;
        own.push(own_memory(pid)? + own_memory(parent(pid)?)?);
    }
    for number in 0..MACHINES {
        timed(&mut bench.lazaret(&["rm", "-f", &name(number)]))?;
    }
    own.sort_unstable();
    println!("machine: {MACHINES} at once, started one after the other in {started:.1} s");
    println!(
        "  memory of their own, each {:.1} MiB (most {:.1}); `exec true` in all {answered:.1} s",
        own[MACHINES / 2] as f64 / 1024.0,
        own[MACHINES - 1] as f64 / 1024.0,
    );
    Ok(())
}

/// KiB that a process shares with no other.
fn own_memory(pid: u64) -> Result<u64, String> {
    let text = read(pid, "smaps_rollup")?;
    let private = text.lines().filter(|line| line.starts_with("Private_"));
    let sizes = private.filter_map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    Ok(sizes.sum())
}

fn parent(pid: u64) -> Result<u64, String> {
    let text = read(pid, "status")?;
    let line = text.lines().find_map(|line| line.strip_prefix("PPid:"));
    line.and_then(|line| line.trim().parse().ok())
        .ok_or_else(|| "no parent".to_owned())
}

fn read(pid: u64, file: &str) -> Result<String, String> {
    std::fs::read_to_string(format!("/proc/{pid}/{file}")).map_err(|error| error.to_string())
}
