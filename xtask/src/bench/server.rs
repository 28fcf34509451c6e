//! The servers that are measured.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::load::{Connection, text};
use super::tools::Bench;

/// A server that ends with this value.
pub(super) struct Server {
    process: Child,
    pub(super) address: String,
}

impl Server {
    /// Our own, on a folder below the bench's.
    pub(super) fn lazaret(bench: &Bench, folder: &str) -> Result<Self, String> {
        let root = bench.path(folder);
        let mut process = bench
            .lazaret(&["serve", "--listen", "127.0.0.1:0", "--root", &root])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(text)?;
        let stdout = process.stdout.take().ok_or("no standard output")?;
        let line = BufReader::new(stdout).lines().next();
        let line = line.and_then(Result::ok).unwrap_or_default();
        let address = line.trim_start_matches("listening on http://").to_owned();
        Ok(Self { process, address })
    }

    pub(super) fn docker_registry(bench: &Bench) -> Result<Self, String> {
        let free = std::net::TcpListener::bind("127.0.0.1:0").map_err(text)?;
        let address = free.local_addr().map_err(text)?.to_string();
        drop(free);
        let (config, root) = (bench.path("docker.yml"), bench.path("registry-theirs"));
        let settings = format!(
            "version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\n\
             storage: {{filesystem: {{rootdirectory: {root}}}, delete: {{enabled: true}}}}\n\
             http: {{addr: \"{address}\"}}\n"
        );
        std::fs::write(&config, settings).map_err(text)?;
        let process = Command::new("docker-registry")
            .args(["serve", &config])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("docker-registry: {error}"))?;
        let server = Self { process, address };
        for _ in 0..500 {
            if Connection::open(&server.address).is_ok() {
                return Ok(server);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err("docker-registry does not listen".to_owned())
    }

    /// Seconds of processor time it has used.
    pub(super) fn cpu(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id()));
        let stat = stat.unwrap_or_default();
        let fields: Vec<&str> = stat
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .collect();
        let ticks = |index: usize| {
            fields
                .get(index)
                .and_then(|field| field.parse::<f64>().ok())
                .unwrap_or_default()
        };
        // Fields 14 and 15 of proc(5), in hundredths of a second on Linux.
        (ticks(11) + ticks(12)) / 100.0
    }

    /// Most memory that was resident, in MB.
    pub(super) fn peak(&self) -> f64 {
        let path = format!("/proc/{}/status", self.process.id());
        let status = std::fs::read_to_string(path).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kibibytes = line
            .and_then(|line| line.split_whitespace().next())
            .and_then(|number| number.parse::<f64>().ok());
        kibibytes.unwrap_or_default() * 1024.0 / 1e6
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It is ours; if it has ended already there is nothing to do.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
