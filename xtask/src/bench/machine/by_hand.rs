//! QEMU by hand, with the arguments of a machine that has booted its kernel.

use std::io::Read as _;
use std::os::unix::net::UnixListener;
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::Value;

use super::image::IMAGE;
use crate::bench::tools::{Bench, median, timed};

/// Seconds from the start of QEMU to the guest's hello.
pub(super) fn measure(bench: &Bench, rounds: usize) -> Result<f64, String> {
    let run = [
        "-q",
        "run",
        "-d",
        "--name",
        "copied",
        "--boot=cold",
        IMAGE,
        "sleep",
        "1000",
    ];
    timed(&mut bench.lazaret(&run))?;
    let output = bench.lazaret(&["inspect", "copied"]).output();
    let output = output.map_err(|error| error.to_string())?;
    let described: Value =
        serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())?;
    let pid = described[0]["state"]["pid"]
        .as_u64()
        .ok_or("no process id")?;
    let line = std::fs::read(format!("/proc/{pid}/cmdline")).map_err(|error| error.to_string())?;
    let arguments: Vec<String> = line
        .split(|byte| *byte == 0)
        .filter(|part| !part.is_empty())
        .map(|part| String::from_utf8_lossy(part).into_owned())
        .collect();
    // Its disks stay until it is removed.
    timed(&mut bench.lazaret(&["kill", "copied"]))?;
    let times = (0..rounds).map(|_| start(bench, &arguments));
    let times = times.collect::<Result<Vec<_>, _>>()?;
    timed(&mut bench.lazaret(&["rm", "copied"]))?;
    Ok(median(times))
}

/// Starts QEMU with sockets of our own in the place of those that it had inherited.
fn start(bench: &Bench, arguments: &[String]) -> Result<f64, String> {
    let socket = bench.path("control.sock");
    let _ = std::fs::remove_file(&socket);
    let listener = UnixListener::bind(&socket).map_err(|error| error.to_string())?;
    let own = |argument: &String| {
        if argument.starts_with("socket,id=control") {
            format!("socket,id=control,path={socket}")
        } else if argument.starts_with("socket,id=console") {
            "null,id=console".to_owned()
        } else if argument.starts_with("socket,id=monitor") {
            "null,id=monitor".to_owned()
        } else {
            argument.clone()
        }
    };
    let [program, rest @ ..] = arguments else {
        return Err("QEMU's arguments could not be read".to_owned());
    };
    let begin = Instant::now();
    let mut child = Command::new(program)
        .args(rest.iter().map(own))
        .stdin(Stdio::null())
        .spawn()
        .map_err(|error| error.to_string())?;
    let hello = listener
        .accept()
        .and_then(|(mut stream, _)| stream.read_exact(&mut [0]));
    let seconds = begin.elapsed().as_secs_f64();
    let ended = child.kill().and_then(|()| child.wait());
    hello.map_err(|error| format!("the guest did not come up: {error}"))?;
    ended.map_err(|error| error.to_string())?;
    Ok(seconds)
}
