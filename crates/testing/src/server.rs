//! Starts programs that serve, waits until they are ready, and ends them by their process id.
//!
//! A [`Server`] keeps the program's log, and ends the program when dropped. It knows nothing of the
//! protocol; [`crate::http`] does.

mod not_started;
mod usage;

pub use not_started::NotStarted;
pub use usage::Usage;

use std::io::{BufRead as _, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// Longest time for a program to become ready.
const PATIENCE: Duration = Duration::from_secs(60);

/// Time for a program to end by itself before it is killed.
const GRACE: Duration = Duration::from_secs(10);

const PAUSE: Duration = Duration::from_millis(20);

/// A running program, which is killed when dropped. Its log is printed if the test fails.
#[derive(Debug)]
pub struct Server {
    process: Child,
    log: PathBuf,
    is_asked_first: bool,
}

impl Server {
    /// Starts a program that prints on standard output where it listens, and waits for `count` such
    /// lines. Its standard error goes to the file `log`.
    ///
    /// # Errors
    /// [`NotStarted`] when it ends, or closes its standard output, before that.
    pub fn announced(
        command: &mut Command,
        log: &Path,
        count: usize,
    ) -> Result<(Self, Vec<String>), NotStarted> {
        let mut server = Self::spawn(command.stdout(Stdio::piped()), log);
        let output = server.process.stdout.take();
        let lines = BufReader::new(output.expect("standard output is piped")).lines();
        let lines: Vec<String> = lines.take(count).map_while(Result::ok).collect();
        if lines.len() < count {
            return Err(server.not_started());
        }
        Ok((server, lines))
    }

    /// Starts a program and waits until `is_ready`. Its standard error goes to the file `log`.
    ///
    /// # Errors
    /// [`NotStarted`] when it ends before that, or is not ready after a minute.
    pub fn ready(
        command: &mut Command,
        log: &Path,
        mut is_ready: impl FnMut() -> bool,
    ) -> Result<Self, NotStarted> {
        let began = Instant::now();
        let mut server = Self::spawn(command.stdout(Stdio::null()), log);
        while !is_ready() {
            if server.ended().is_some() || began.elapsed() > PATIENCE {
                return Err(server.not_started());
            }
            std::thread::sleep(PAUSE);
        }
        Ok(server)
    }

    /// Starts a program and waits until it accepts connections at `address` (`host:port`).
    ///
    /// # Errors
    /// Those of [`Self::ready`].
    pub fn listening(command: &mut Command, log: &Path, address: &str) -> Result<Self, NotStarted> {
        Self::ready(command, log, || TcpStream::connect(address).is_ok())
    }

    fn spawn(command: &mut Command, log: &Path) -> Self {
        let file = std::fs::File::create(log)
            .unwrap_or_else(|error| panic!("failed to create {}: {error}", log.display()));
        let process = command
            .stdin(Stdio::null())
            .stderr(file)
            .spawn()
            .unwrap_or_else(|error| panic!("failed to start {command:?}: {error}"));
        Self {
            process,
            log: log.to_owned(),
            is_asked_first: false,
        }
    }

    /// Makes it get SIGTERM before it is killed: for programs with children or files of their own.
    #[must_use]
    pub fn asked_first(mut self) -> Self {
        self.is_asked_first = true;
        self
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Its log so far.
    #[must_use]
    pub fn log(&self) -> String {
        let bytes = std::fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The processor time and the memory that it has used.
    #[must_use]
    pub fn usage(&self) -> Usage {
        Usage::of(self.id())
    }

    /// Sends SIGTERM.
    pub fn terminate(&self) {
        // It is our child and not waited for yet, so the id cannot belong to another process.
        let _ = kill_process(Pid::from_child(&self.process), Signal::TERM);
    }

    /// Kills it and waits until it is gone.
    pub fn kill(mut self) {
        self.end();
    }

    /// Waits for an orderly end after a request to end.
    ///
    /// # Panics
    /// When it ends with a failure.
    pub fn wait(mut self) {
        let status = self.process.wait().expect("it is ours");
        assert!(status.success(), "{status}\n{}", self.log());
    }

    /// The exit status, if it has ended by itself.
    fn ended(&mut self) -> Option<ExitStatus> {
        self.process.try_wait().expect("it is ours")
    }

    fn not_started(mut self) -> NotStarted {
        // A program that has closed its output is about to end.
        let ended = self.ended_within(Duration::from_secs(1));
        self.end();
        NotStarted {
            ended,
            log: self.log(),
        }
    }

    fn ended_within(&mut self, time: Duration) -> Option<ExitStatus> {
        let began = Instant::now();
        loop {
            let ended = self.ended();
            if ended.is_some() || began.elapsed() > time {
                return ended;
            }
            std::thread::sleep(PAUSE);
        }
    }

    fn end(&mut self) {
        // Has no effect when it has already ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.is_asked_first && self.ended().is_none() {
            self.terminate();
            self.ended_within(GRACE);
        }
        self.end();
        if std::thread::panicking() {
            eprintln!("{}:\n{}", self.log.display(), self.log());
        }
    }
}

/// Ports that are free now. Another process may take one before it is used, so prefer port 0 where
/// the program supports it.
#[must_use]
pub fn free_ports<const COUNT: usize>() -> [u16; COUNT] {
    // All are held at the same time, so that no two are equal.
    let listeners =
        [(); COUNT].map(|()| TcpListener::bind("127.0.0.1:0").expect("loopback has a free port"));
    listeners.map(|listener| {
        let address = listener.local_addr();
        address.expect("a listener has an address").port()
    })
}

#[cfg(test)]
mod tests;
