//! Carries bytes and signals between the host and the workload until the workload ends.
//!
//! ```text
//!            first process ends            all output carried
//! Running ------------------------> Draining ----------------> (outcome)
//!    |                                 |
//!    +------------ host hangs up ------+---------------------> (host gone)
//! ```
//!
//! One thread, one `poll`. Nothing is read that could not be kept:
//!
//! - Output is read from the workload while the queue to the host has room; a host that
//!   does not read stops the workload at its own full pipe.
//! - Input is asked for as the workload takes it ([`Kind::StdinTaken`]), so that a host that
//!   keeps to the window is always read from and its signals arrive. From a host that does
//!   not, nothing is read until the workload has made room.
//!
//! *Draining* ends when both pipes are closed; or, as a process left in the background may
//! hold them open for ever, when everything written before the end was carried and then
//! nothing came for [`QUIET`], or [`LINGER`] has passed.

use std::os::fd::{AsFd as _, OwnedFd};
use std::time::{Duration, Instant};

use lazaret_protocol::{Frame, Kind, Outcome, STDIN_WINDOW_BYTES};
use rustix::event::{PollFd, PollFlags};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitOptions, WaitStatus};

use crate::error::{Context as _, Error, Result};
use crate::port::{Port, wait_for};
use crate::process::Workload;
use crate::queue::ByteQueue;

/// Bytes of input that the workload takes before the host is told.
const TAKEN_STEP: usize = STDIN_WINDOW_BYTES / 16;

/// Bytes of output carried by one frame.
const PIECE: usize = 64 * 1024;

/// How long orphans of the workload may stay unburied when nothing else happens.
const REAP_INTERVAL: Duration = Duration::from_millis(200);

/// How long the output must be quiet, after the workload has ended, to be called complete.
const QUIET: Duration = Duration::from_millis(200);

/// How long output of processes left in the background is carried at most.
const LINGER: Duration = Duration::from_secs(2);

/// Runs until the workload has ended and its output is queued for the host.
pub(crate) fn run(port: &mut Port, workload: Workload) -> Result<Outcome> {
    let mut pump = Pump {
        port,
        main: workload.main,
        ended: Some(workload.ended),
        stdin: Input {
            pipe: Some(workload.stdin),
            // A whole window fits and there is still room for a signal behind it.
            queue: ByteQueue::new(STDIN_WINDOW_BYTES + 1),
            is_complete: false,
            taken: 0,
        },
        outputs: [
            Output {
                pipe: Some(workload.stdout),
                kind: Kind::Stdout,
            },
            Output {
                pipe: Some(workload.stderr),
                kind: Kind::Stderr,
            },
        ],
        buffer: vec![0; PIECE],
    };
    // Frames that came right behind the boot configuration are read already: `poll` will not
    // tell of them.
    pump.obey()?;
    let mut state = State::Running;
    loop {
        let carried = pump.turn(state.patience())?;
        let now = Instant::now();
        let ended = pump.reap();
        match (&mut state, ended) {
            (State::Running, Some(outcome)) => {
                pump.stdin.close();
                state = State::Draining(Drain::new(outcome, pump.pending_output(), now));
            }
            (State::Draining(drain), _) => drain.note(carried, pump.port.has_room(), now),
            (State::Running, None) => {}
        }
        if let State::Draining(drain) = &state
            && (drain.is_over(now) || pump.outputs.iter().all(|output| output.pipe.is_none()))
        {
            return Ok(drain.outcome);
        }
    }
}

/// What the loop is about.
#[derive(Debug)]
enum State {
    Running,
    Draining(Drain),
}

impl State {
    /// How long `poll` may wait.
    fn patience(&self) -> Duration {
        match self {
            Self::Running => REAP_INTERVAL,
            Self::Draining(_) => QUIET / 8,
        }
    }
}

/// Decides when the output of a workload that has ended is complete.
#[derive(Debug)]
struct Drain {
    outcome: Outcome,
    /// Bytes that were in the pipes when the workload ended and were not carried yet.
    owed: usize,
    since: Instant,
    last_byte: Instant,
}

impl Drain {
    fn new(outcome: Outcome, owed: usize, now: Instant) -> Self {
        Self {
            outcome,
            owed,
            since: now,
            last_byte: now,
        }
    }

    /// Takes note of the bytes carried by one turn. While the host takes no more, nothing is
    /// read, which is no quiet.
    fn note(&mut self, carried: usize, host_reads: bool, now: Instant) {
        self.owed = self.owed.saturating_sub(carried);
        if carried > 0 || !host_reads {
            self.last_byte = now;
        }
    }

    fn is_over(&self, now: Instant) -> bool {
        self.owed == 0
            && (now.duration_since(self.last_byte) >= QUIET
                || now.duration_since(self.since) >= LINGER)
    }
}

/// The workload's standard input.
struct Input {
    /// `None` once closed, by either side.
    pipe: Option<OwnedFd>,
    queue: ByteQueue,
    /// Nothing follows what is queued.
    is_complete: bool,
    /// Bytes taken off the queue that the host was not told about.
    taken: usize,
}

impl Input {
    fn write_some(&mut self) {
        let Some(pipe) = &self.pipe else { return };
        let queued = self.queue.bytes();
        let written = self.queue.write_to(pipe);
        self.taken += queued - self.queue.bytes();
        // An error tells that the workload closed its standard input.
        if written.is_err() || (self.is_complete && self.queue.is_empty()) {
            self.close();
        }
    }

    fn push(&mut self, bytes: Vec<u8>) {
        if self.pipe.is_some() && !self.is_complete {
            self.queue.push(bytes);
        } else {
            self.taken += bytes.len();
        }
    }

    /// What is queued is for nobody.
    fn close(&mut self) {
        self.pipe = None;
        self.taken += self.queue.bytes();
        self.queue.clear();
    }

    /// The number to tell the host, when there is reason to.
    fn report(&mut self) -> Option<u32> {
        let is_due = self.taken >= TAKEN_STEP || (self.taken > 0 && self.queue.is_empty());
        is_due.then(|| u32::try_from(std::mem::take(&mut self.taken)).unwrap_or(u32::MAX))
    }
}

/// One of the workload's output streams.
struct Output {
    /// `None` at its end.
    pipe: Option<OwnedFd>,
    kind: Kind,
}

struct Pump<'a> {
    port: &'a mut Port,
    main: Pid,
    /// `None` once it has told.
    ended: Option<OwnedFd>,
    stdin: Input,
    outputs: [Output; 2],
    buffer: Vec<u8>,
}

impl Pump<'_> {
    /// Waits until something can be done and does it; the number of output bytes carried.
    fn turn(&mut self, patience: Duration) -> Result<usize> {
        let ready = self.wait(patience)?;
        if ready.port.contains(PollFlags::OUT) {
            self.port.write_some()?;
        }
        if ready.port.contains(PollFlags::IN) {
            self.port.read_some()?;
            self.obey()?;
        } else if ready.port.intersects(PollFlags::HUP | PollFlags::ERR) {
            return Err(Error::HostGone);
        }
        if ready.stdin.contains(PollFlags::ERR) {
            self.stdin.close();
        } else {
            self.stdin.write_some();
        }
        if let Some(taken) = self.stdin.report() {
            self.port.queue(&Frame::count(Kind::StdinTaken, taken));
        }
        let mut carried = 0;
        for (index, ready) in ready.outputs.into_iter().enumerate() {
            if !ready.is_empty() && self.port.has_room() {
                carried += self.carry(index)?;
            }
        }
        if self.port.wants_to_write() {
            self.port.write_some()?;
        }
        if !ready.ended.is_empty() {
            self.ended = None;
        }
        Ok(carried)
    }

    fn wait(&self, patience: Duration) -> Result<Ready> {
        let mut port = PollFlags::empty();
        port.set(PollFlags::IN, self.stdin.queue.has_room());
        port.set(PollFlags::OUT, self.port.wants_to_write());
        // Without interest in writing, poll still tells when the reader is gone.
        let mut stdin = PollFlags::empty();
        stdin.set(PollFlags::OUT, !self.stdin.queue.is_empty());
        let [stdout, stderr] = self.outputs.each_ref().map(|output| {
            output
                .pipe
                .as_ref()
                .filter(|_| self.port.has_room())
                .map(|pipe| pipe.as_fd())
        });
        let watched = [
            (Some(self.port.as_fd()), port),
            (self.stdin.pipe.as_ref().map(|pipe| pipe.as_fd()), stdin),
            (stdout, PollFlags::IN),
            (stderr, PollFlags::IN),
            (
                self.ended.as_ref().map(|pidfd| pidfd.as_fd()),
                PollFlags::IN,
            ),
        ];
        let mut fds = Vec::with_capacity(watched.len());
        for (fd, interest) in &watched {
            if let Some(fd) = fd {
                fds.push(PollFd::new(fd, *interest));
            }
        }
        wait_for(&mut fds, patience)?;
        let mut told = fds.iter();
        let [port, stdin, stdout, stderr, ended] = watched.map(|(fd, _)| {
            fd.and_then(|_| told.next())
                .map_or(PollFlags::empty(), PollFd::revents)
        });
        Ok(Ready {
            port,
            stdin,
            outputs: [stdout, stderr],
            ended,
        })
    }

    /// Carries out the frames that have arrived.
    fn obey(&mut self) -> Result<()> {
        while let Some(frame) = self.port.next_frame()? {
            match frame.kind {
                Kind::Stdin => self.stdin.push(frame.payload),
                Kind::StdinClosed => self.stdin.is_complete = true,
                Kind::Signal => self.signal(&frame.payload),
                kind => return Err(Error::UnexpectedFrame { kind }),
            }
        }
        Ok(())
    }

    /// Sends a signal to the workload's process group, or to its first process when that has
    /// left the group. Numbers that are no signal are ignored, as is a workload that ended.
    fn signal(&self, payload: &[u8]) {
        let Some(signal) = payload.first().and_then(|number| signal(*number)) else {
            return;
        };
        if self.ended.is_none() {
            return;
        }
        if rustix::process::kill_process_group(self.main, signal).is_err() {
            let _ended_meanwhile = rustix::process::kill_process(self.main, signal);
        }
    }

    /// Reads one piece of output and queues it for the host.
    fn carry(&mut self, index: usize) -> Result<usize> {
        let Some(output) = self.outputs.get_mut(index) else {
            return Ok(0);
        };
        let Some(pipe) = &output.pipe else {
            return Ok(0);
        };
        match rustix::io::read(pipe, &mut self.buffer) {
            Ok(0) => {
                output.pipe = None;
                Ok(0)
            }
            Ok(read) => {
                let payload = self.buffer.get(..read).unwrap_or_default().to_vec();
                self.port.queue(&Frame {
                    kind: output.kind,
                    payload,
                });
                Ok(read)
            }
            Err(Errno::AGAIN | Errno::INTR) => Ok(0),
            Err(error) => Err(error).context(|| format!("read the workload's {:?}", output.kind)),
        }
    }

    /// Bytes that wait in the output pipes.
    fn pending_output(&self) -> usize {
        let pending = self.outputs.iter().filter_map(|output| {
            let bytes = rustix::io::ioctl_fionread(output.pipe.as_ref()?).ok()?;
            usize::try_from(bytes).ok()
        });
        pending.sum()
    }

    /// Buries every process that has ended; the outcome when the workload's first is one.
    fn reap(&mut self) -> Option<Outcome> {
        let mut outcome = None;
        while let Ok(Some((pid, status))) = rustix::process::wait(WaitOptions::NOHANG) {
            if pid == self.main {
                outcome = Some(outcome_of(status));
                self.ended = None;
            }
        }
        outcome
    }
}

/// What `poll` said about each descriptor; nothing about those it was not asked about.
struct Ready {
    port: PollFlags,
    stdin: PollFlags,
    outputs: [PollFlags; 2],
    ended: PollFlags,
}

fn outcome_of(status: WaitStatus) -> Outcome {
    let byte = |number: i32| u8::try_from(number).unwrap_or(u8::MAX);
    match status.terminating_signal() {
        Some(signal) => Outcome::Signal(byte(signal)),
        None => Outcome::Code(status.exit_status().map_or(u8::MAX, byte)),
    }
}

/// The signal with this number; real-time signals included.
#[allow(unsafe_code)]
fn signal(number: u8) -> Option<Signal> {
    let number = i32::from(number);
    Signal::from_named_raw(number).or_else(|| {
        // SAFETY: the C library keeps 32 and 33 for itself, in its own process; sending any
        // signal to another process is sound.
        (34..=64)
            .contains(&number)
            .then(|| unsafe { Signal::from_raw_unchecked(number) })
    })
}

#[cfg(test)]
mod tests;
