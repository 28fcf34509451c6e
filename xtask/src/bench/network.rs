//! Measures the network of a machine beside QEMU's own user network, with the same guest, kernel and program
//! in both.
//!
//! | row | what is timed, by the guest |
//! |---|---|
//! | out, in | 256 MiB over one connection and over 64 |
//! | connections | connect, a byte each way, close; one after the other |
//! | start | `run IMAGE true` from a template, with and without a network |
//!
//! The boundary looks at each connection's policy and first bytes, and resolves the name that it is for;
//! QEMU's user network does nothing of that.

mod peer;
mod user;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::machine::image::{self, IMAGE};
use super::tools::{Bench, median, timed};
use peer::Server;
use user::UserNetwork;

const ROUNDS: usize = 5;
const STARTS: usize = 15;
/// Bytes of a stream.
const STREAM: u64 = 256 << 20;
const STREAMS: [u64; 2] = [1, 64];
const CONNECTIONS: u64 = 1000;
/// Time for one measurement.
const PATIENCE: Duration = Duration::from_secs(60);
/// What is told of one that takes longer.
const STALLED: &str = "nothing moves any more";
const MIB: f64 = 1024.0 * 1024.0;
/// The name by which a machine reaches the server.
const HOST: &str = "bench.example.com";
const MACHINE: &str = "bench-network";

/// One of the guests.
struct Guest<'a> {
    /// The words before a command in it.
    exec: Vec<String>,
    /// Where the server is, seen from it.
    address: String,
    bench: &'a Bench,
}

pub(super) fn run(bench: &Bench) -> Result<(), String> {
    image::import(bench)?;
    let program = bench.folder.join("rootfs/bin/netbench");
    compile(&program)?;
    let root = bench.path("rootfs");
    timed(&mut bench.lazaret(&["image", "import", &root, IMAGE]))?;
    let server = Server::start().map_err(|error| error.to_string())?;
    let port = server.port();
    let ours = ours(bench, port)?;
    let mut theirs = Theirs {
        user: UserNetwork::start(bench)?,
        address: format!("10.0.2.2:{port}"),
        bench,
    };
    println!(
        "network: guest's own clock, median of {ROUNDS} rounds by turns; ours, QEMU's user network, ratio"
    );
    let (our, their) = turns(&ours, &mut theirs, "connect", 1, CONNECTIONS)?;
    let each = |seconds: f64| seconds * 1000.0 / CONNECTIONS as f64;
    println!(
        "  connections          {:>6.0} /s     {:>6.0} /s     {:.2}  ({:.2} ms and {:.2} ms each)",
        CONNECTIONS as f64 / our,
        CONNECTIONS as f64 / their,
        their / our,
        each(our),
        each(their)
    );
    for (mode, name) in [("send", "out"), ("receive", "in")] {
        for streams in STREAMS {
            let (our, their) = turns(&ours, &mut theirs, mode, streams, STREAM / streams)?;
            let rate = |seconds: f64| STREAM as f64 / MIB / seconds;
            println!(
                "  {name}, {streams:>2} streams      {:>6.0} MiB/s  {:>6.0} MiB/s  {:.2}",
                rate(our),
                rate(their),
                their / our
            );
        }
    }
    timed(&mut bench.lazaret(&["rm", "-f", MACHINE]))?;
    starts(bench)
}

/// Starts from a template, without a network and with all that a network can have.
fn starts(bench: &Bench) -> Result<(), String> {
    let policy = bench.path("start.yaml");
    let text = "network: {default: deny, rules: [{match: api.example.com, verdict: allow}]}\n\
                integrations: [openai]\n";
    std::fs::write(&policy, text).map_err(|error| error.to_string())?;
    let start = |more: &[&str]| {
        let run = [&["-q", "run", "--rm"], more, &[IMAGE, "true"]].concat();
        timed(&mut bench.lazaret(&run))
    };
    let network = ["--policy", &policy, "-p", "0:80", "-p", "0:81"];
    // Makes both templates.
    start(&[])?;
    start(&network)?;
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        without.push(start(&[])?);
        with.push(start(&network)?);
    }
    let (without, with) = (median(without), median(with));
    println!("network: a start from a template, median of {STARTS} by turns");
    println!("  without {without:.3} s, with a policy, a service and two ports {with:.3} s");
    Ok(())
}

/// A machine under a policy that lets the server be reached.
fn ours(bench: &Bench, port: u16) -> Result<Guest<'_>, String> {
    let policy = bench.path("policy.yaml");
    let rules = format!(
        "network: {{default: deny, rules: [{{match: {HOST}, ports: [{port}], verdict: allow}}]}}\n"
    );
    std::fs::write(&policy, rules).map_err(|error| error.to_string())?;
    let host = format!("{HOST}:host-gateway");
    let run = [
        "-q",
        "run",
        "-d",
        "--name",
        MACHINE,
        "--policy",
        &policy,
        "--add-host",
        &host,
        IMAGE,
        "sleep",
        "10000",
    ];
    timed(&mut bench.lazaret(&run))?;
    let mut guest = Guest {
        exec: ["exec", MACHINE].map(str::to_owned).to_vec(),
        address: String::new(),
        bench,
    };
    let found = guest.run(&["nslookup", HOST])?;
    let mut addresses = found
        .lines()
        .filter_map(|line| line.strip_prefix("Address: "));
    let address = addresses.next_back().ok_or("the name has no address")?;
    guest.address = format!("{}:{port}", address.trim());
    Ok(guest)
}

/// Median seconds of both, by turns. QEMU's user network stalls now and then with many streams, and is of no
/// use then: that is told, and its machine is started again.
fn turns(
    ours: &Guest<'_>,
    theirs: &mut Theirs<'_>,
    mode: &str,
    streams: u64,
    amount: u64,
) -> Result<(f64, f64), String> {
    let (mut our, mut their) = (Vec::new(), Vec::new());
    let mut broken = 0;
    while their.len() < ROUNDS {
        our.push(ours.measure(mode, streams, amount)?);
        match theirs.guest().measure(mode, streams, amount) {
            Ok(seconds) => their.push(seconds),
            Err(error) if broken == ROUNDS => return Err(error),
            Err(_) => {
                broken += 1;
                theirs.restart()?;
            }
        }
    }
    if broken > 0 {
        println!(
            "  (QEMU's user network broke in {broken} of {} rounds)",
            our.len()
        );
    }
    Ok((median(our), median(their)))
}

/// The machine with QEMU's user network.
struct Theirs<'a> {
    user: UserNetwork,
    address: String,
    bench: &'a Bench,
}

impl Theirs<'_> {
    fn guest(&self) -> Guest<'_> {
        Guest {
            exec: ["exec", "--agent", &self.user.socket]
                .map(str::to_owned)
                .to_vec(),
            address: self.address.clone(),
            bench: self.bench,
        }
    }

    fn restart(&mut self) -> Result<(), String> {
        self.user.end();
        self.user = UserNetwork::start(self.bench)?;
        Ok(())
    }
}

/// Builds the program of the guests, which needs nothing of their image.
fn compile(program: &Path) -> Result<(), String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("guest/netbench.rs");
    timed(
        Command::new("rustc")
            .args([
                "--edition",
                "2024",
                "-O",
                "-C",
                "target-feature=+crt-static",
                "-o",
            ])
            .arg(program)
            .arg(source),
    )?;
    Ok(())
}

impl Guest<'_> {
    fn run(&self, command: &[&str]) -> Result<String, String> {
        let words: Vec<&str> = self.exec.iter().map(String::as_str).collect();
        let failed = |error: std::io::Error| error.to_string();
        let mut child = self
            .bench
            .lazaret(&[&words, command].concat())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let begin = Instant::now();
        while child.try_wait().map_err(failed)?.is_none() {
            if begin.elapsed() > PATIENCE {
                child.kill().map_err(failed)?;
                child.wait().map_err(failed)?;
                return Err(STALLED.to_owned());
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        let output = child.wait_with_output().map_err(failed)?;
        match output.status.success() {
            true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
            false => Err(format!(
                "{command:?}: {}",
                String::from_utf8_lossy(&output.stderr)
            )),
        }
    }

    /// The seconds that something takes.
    fn measure(&self, mode: &str, streams: u64, amount: u64) -> Result<f64, String> {
        let (streams, amount) = (streams.to_string(), amount.to_string());
        let program = ["netbench", &self.address, mode, &streams, &amount];
        let seconds = self.run(&program)?;
        seconds
            .trim()
            .parse()
            .map_err(|error| format!("{seconds}: {error}"))
    }
}
