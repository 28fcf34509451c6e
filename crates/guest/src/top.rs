//! Lists the processes of the machine on standard output, a line of JSON each.
//!
//! `/proc` is the workload's own, so that what runs beside it in the machine's service is not there.
//! What this program does for the host is left out.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::ExitCode;

use lazaret_protocol::ProcessReport;

use crate::process::text_of;
use crate::user;

/// Most bytes of a command that are told.
const COMMAND_BYTES: u64 = 4096;
/// Most bytes of a file in `/proc` that are read.
const FILE_BYTES: u64 = 16 * 1024;

/// Lists all processes.
pub(crate) fn run() -> ExitCode {
    let passwd = text_of("/etc/passwd");
    match list(Path::new("/proc"), &user::names(&passwd)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _nobody_listens = writeln!(io::stderr(), "cannot read /proc: {error}");
            ExitCode::FAILURE
        }
    }
}

fn list(proc: &Path, users: &HashMap<u32, &str>) -> io::Result<()> {
    let now = milliseconds(&text(&proc.join("uptime"))?).unwrap_or(0);
    let ticks = rustix::param::clock_ticks_per_second().max(1);
    let itself = program(&proc.join("self/exe"));
    let mut output = io::BufWriter::new(io::stdout().lock());
    for entry in fs::read_dir(proc)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if !name.is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_digit())) {
            continue;
        }
        if itself.is_some() && program(&path.join("exe")) == itself {
            continue;
        }
        // A process may end meanwhile.
        if let Some(report) = describe(&path, users, now, ticks) {
            serde_json::to_writer(&mut output, &report)?;
            output.write_all(b"\n")?;
        }
    }
    output.flush()
}

/// The file of a program.
fn program(exe: &Path) -> Option<(u64, u64)> {
    let found = fs::metadata(exe).ok()?;
    Some((found.dev(), found.ino()))
}

fn describe(
    path: &Path,
    users: &HashMap<u32, &str>,
    now: u64,
    ticks: u64,
) -> Option<ProcessReport> {
    let stat = Stat::parse(&text(&path.join("stat")).ok()?)?;
    let status = text(&path.join("status")).ok()?;
    let uid = effective_user(&status)?;
    let length = |number: u64| number.saturating_mul(1000) / ticks;
    let command = match arguments(&path.join("cmdline")) {
        Some(command) => command,
        None => format!("[{}]", stat.name),
    };
    Some(ProcessReport {
        pid: stat.pid,
        parent: stat.parent,
        uid,
        user: users.get(&uid).map(|name| (*name).to_owned()),
        state: stat.state,
        terminal: stat.terminal,
        age: now.saturating_sub(length(stat.started)),
        worked: length(stat.worked),
        command,
    })
}

/// The fields of `/proc/PID/stat` that are told; times are in ticks.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    pid: u32,
    name: String,
    state: char,
    parent: u32,
    terminal: u32,
    worked: u64,
    /// Since the machine was started.
    started: u64,
}

impl Stat {
    /// Parses the file (`proc_pid_stat(5)`). The name may have anything in it, also parentheses.
    fn parse(text: &str) -> Option<Self> {
        let (pid, rest) = text.split_once(" (")?;
        let (name, rest) = rest.rsplit_once(") ")?;
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        let number = |at: usize| fields.get(at)?.parse::<u64>().ok();
        Some(Self {
            pid: pid.parse().ok()?,
            name: name.to_owned(),
            state: fields.first()?.chars().next()?,
            parent: fields.get(1)?.parse().ok()?,
            terminal: fields.get(4)?.parse::<i32>().ok()?.cast_unsigned(),
            worked: number(11)?.saturating_add(number(12)?),
            started: number(19)?,
        })
    }
}

/// The second number of the line `Uid:` of `/proc/PID/status`.
fn effective_user(status: &str) -> Option<u32> {
    let line = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    line.split_ascii_whitespace().nth(1)?.parse().ok()
}

/// Program and arguments, with a space between; `None` where there are none, as for a process that
/// has ended.
fn arguments(path: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    let file = File::open(path).ok()?;
    file.take(COMMAND_BYTES).read_to_end(&mut bytes).ok()?;
    while bytes.last() == Some(&0) {
        bytes.pop();
    }
    for byte in &mut bytes {
        if *byte == 0 {
            *byte = b' ';
        }
    }
    (!bytes.is_empty()).then(|| String::from_utf8_lossy(&bytes).into_owned())
}

fn text(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?.take(FILE_BYTES).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The first number of `/proc/uptime`, which is in seconds with two decimals.
fn milliseconds(uptime: &str) -> Option<u64> {
    let (seconds, hundredths) = uptime.split_ascii_whitespace().next()?.split_once('.')?;
    let seconds: u64 = seconds.parse().ok()?;
    seconds
        .checked_mul(1000)?
        .checked_add(hundredths.parse::<u64>().ok()? * 10)
}

#[cfg(test)]
mod tests;
