//! Runs a program once: text in, bounded text out, within a time limit.

use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use lazaret_values::Printable;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;

/// Most bytes of a program's standard error.
const LARGEST_ERROR: u64 = 1024 * 1024;

/// The limits of one run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Most bytes of standard output.
    pub(super) bytes: u64,
    pub(super) timeout: Duration,
    /// Whether the program has a process group of its own, which ends with it. One that may ask
    /// its user on a terminal must not have it.
    pub(super) has_group: bool,
}

/// What a program left.
pub(super) struct Finished {
    pub(super) status: ExitStatus,
    pub(super) out: Vec<u8>,
    pub(super) err: Vec<u8>,
}

impl Finished {
    /// The start of an output as a line for a message.
    pub(super) fn words(bytes: &[u8]) -> String {
        Printable::new(String::from_utf8_lossy(bytes).trim())
            .within(200)
            .to_string()
    }
}

/// Runs a program with `input` on its standard input. A failure is told as the end of a sentence
/// about the program. The program is killed when the caller goes away.
pub(super) async fn run(
    mut command: Command,
    input: &[u8],
    limits: Limits,
) -> Result<Finished, String> {
    let Limits { bytes, timeout, .. } = limits;
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    if limits.has_group {
        command.process_group(0);
    }
    let work = async {
        let mut child = command
            .spawn()
            .map_err(|error| format!("it cannot be started: {error}"))?;
        let mut group = Group(child.id().filter(|_| limits.has_group));
        let mut stdin = child.stdin.take();
        let stdout = child.stdout.take();
        let stderr = child.stderr.take();
        let feed = async {
            if let Some(stdin) = &mut stdin {
                // A program that does not read its input may still answer.
                let _ = stdin.write_all(input).await;
                let _ = stdin.shutdown().await;
            }
            drop(stdin);
            Ok::<(), String>(())
        };
        let read = async {
            let out = bounded(stdout, bytes).await;
            out.ok_or_else(|| format!("it wrote more than {bytes} bytes"))
        };
        let note = async {
            let err = bounded(stderr, LARGEST_ERROR).await;
            err.ok_or_else(|| format!("it wrote more than {LARGEST_ERROR} bytes of errors"))
        };
        let ((), out, err) = tokio::try_join!(feed, read, note)?;
        let status = child.wait().await.map_err(|error| error.to_string())?;
        group.0 = None;
        Ok(Finished { status, out, err })
    };
    tokio::time::timeout(timeout, work)
        .await
        .unwrap_or_else(|_| Err(format!("no answer after {timeout:?}")))
}

/// A process group whose leader was not waited for yet; it is killed when this is dropped.
struct Group(Option<u32>);

impl Drop for Group {
    fn drop(&mut self) {
        let id = self.0.and_then(|id| i32::try_from(id).ok());
        if let Some(id) = id.and_then(Pid::from_raw) {
            // It may have ended by itself.
            let _ = kill_process_group(id, Signal::KILL);
        }
    }
}

/// An output to its end; `None` when it is longer than `limit`.
async fn bounded(stream: Option<impl AsyncRead + Unpin>, limit: u64) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(stream) = stream {
        // Output that ends in a read error is treated like short output.
        let _ = stream.take(limit + 1).read_to_end(&mut bytes).await;
    }
    (bytes.len() as u64 <= limit).then_some(bytes)
}

#[cfg(test)]
mod tests;
