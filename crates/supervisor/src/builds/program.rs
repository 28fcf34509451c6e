//! Runs a command of a source: without a shell, in bounded time, with what it says shown as it says it.

#[cfg(test)]
mod tests;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use lazaret_values::Printable;
use rustix::fs::{Access, access};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;

use crate::ProgressSink;
use crate::build_error::BuildError;

/// Longest line that is shown, in bytes; a longer one is shown in pieces.
const LINE: usize = 1024;
/// Most lines that are shown.
const LINES: usize = 10_000;
/// Most bytes of an answer that are kept.
const ANSWER: usize = 64 << 10;
/// Time for what a program has started to let go of its output, once the program itself has ended.
const LINGERS: Duration = Duration::from_secs(2);

/// A command to run.
pub(super) struct Program<'a> {
    /// The name for messages.
    pub(super) name: &'a str,
    pub(super) path: &'a Path,
    pub(super) arguments: Vec<OsString>,
    /// The longest time that it may take.
    pub(super) limit: Duration,
    /// Whether its standard output is the answer, and only its standard error is shown.
    pub(super) answers: bool,
}

/// Finds a program by its name in the folders of `PATH`, or a path as it is.
pub(super) fn find(name: &str, search_path: &OsStr) -> Result<PathBuf, BuildError> {
    let is_program = |path: &PathBuf| path.is_file() && access(path, Access::EXEC_OK).is_ok();
    let found = match name.contains('/') {
        true => Some(PathBuf::from(name)).filter(is_program),
        false => std::env::split_paths(search_path)
            .filter(|folder| folder.is_absolute())
            .map(|folder| folder.join(name))
            .find(is_program),
    };
    found.ok_or_else(|| BuildError::NoProgram {
        program: Printable::excerpt(name),
    })
}

/// Ends a group of processes when it is dropped, unless all of them have ended.
struct Group(Option<Pid>);

impl Group {
    fn end(&mut self) {
        if let Some(group) = self.0.take() {
            let _gone = kill_process_group(group, Signal::KILL);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.end();
    }
}

impl Program<'_> {
    /// Runs it to its end; returns its answer, if it is to give one.
    pub(super) async fn run(self, progress: &ProgressSink) -> Result<Vec<u8>, BuildError> {
        let failed = |reason: String| BuildError::Program {
            program: Printable::excerpt(self.name),
            reason,
        };
        let child = Command::new(self.path)
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn();
        let mut child = child.map_err(|error| failed(error.to_string()))?;
        let pid = child.id().and_then(|id| i32::try_from(id).ok());
        let mut group = Group(pid.and_then(Pid::from_raw));
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let listened = async {
            let (mut answer, mut shown) = (Answer::default(), Shown::new(progress));
            let mut errors = Shown::new(progress);
            match self.answers {
                true => tokio::join!(answer.listen(stdout), errors.listen(stderr)),
                false => tokio::join!(shown.listen(stdout), errors.listen(stderr)),
            };
            answer
        };
        tokio::pin!(listened);
        let ended = async {
            tokio::select! {
                status = child.wait() => {
                    // Something that it has started may still have its output.
                    let rest = tokio::time::timeout(LINGERS, &mut listened).await;
                    (status, rest.ok())
                }
                answer = &mut listened => (child.wait().await, Some(answer)),
            }
        };
        let Ok((status, answer)) = tokio::time::timeout(self.limit, ended).await else {
            group.end();
            return Err(failed(format!(
                "it took longer than {} s",
                self.limit.as_secs()
            )));
        };
        if answer.is_some() {
            // There is nobody left, and the number may be another's soon.
            group.0 = None;
        }
        let status = status.map_err(|error| failed(error.to_string()))?;
        if !status.success() {
            return Err(failed(status.to_string()));
        }
        match answer {
            None if self.answers => Err(failed("its answer has no end".to_owned())),
            None => Ok(Vec::new()),
            Some(answer) => answer
                .whole()
                .ok_or_else(|| failed("its answer is too long".to_owned())),
        }
    }
}

/// Output that is kept.
#[derive(Default)]
struct Answer {
    bytes: Vec<u8>,
    is_cut: bool,
}

impl Answer {
    async fn listen(&mut self, output: Option<impl AsyncRead + Unpin>) {
        let mut buffer = vec![0; LINE];
        let Some(mut output) = output else { return };
        while let Ok(count @ 1..) = output.read(&mut buffer).await {
            let room = ANSWER - self.bytes.len();
            self.is_cut |= count > room;
            self.bytes.extend(&buffer[..count.min(room)]);
        }
    }

    fn whole(self) -> Option<Vec<u8>> {
        (!self.is_cut).then_some(self.bytes)
    }
}

/// Output that is shown, line by line.
struct Shown<'a> {
    progress: &'a ProgressSink,
    line: Vec<u8>,
    lines: usize,
}

impl<'a> Shown<'a> {
    fn new(progress: &'a ProgressSink) -> Self {
        Self {
            progress,
            line: Vec::new(),
            lines: 0,
        }
    }

    async fn listen(&mut self, output: Option<impl AsyncRead + Unpin>) {
        let mut buffer = vec![0; LINE];
        let Some(mut output) = output else { return };
        while let Ok(count @ 1..) = output.read(&mut buffer).await {
            for byte in &buffer[..count] {
                match byte {
                    b'\n' => self.show(),
                    byte => self.line.push(*byte),
                }
                if self.line.len() == LINE {
                    self.show();
                }
            }
            // A program that never pauses must not keep others from their turn.
            tokio::task::yield_now().await;
        }
        if !self.line.is_empty() {
            self.show();
        }
    }

    fn show(&mut self) {
        let line = std::mem::take(&mut self.line);
        self.lines = self.lines.saturating_add(1);
        match self.lines {
            ..=LINES => {
                let text = String::from_utf8_lossy(&line);
                let text = text.trim_end_matches('\r');
                self.progress
                    .note(&Printable::new(text).whole().to_string());
            }
            lines if lines == LINES + 1 => self.progress.note("... (more is not shown)"),
            _ => {}
        }
    }
}
