//! A client of QEMU's monitor: QMP ("QEMU Machine Protocol Specification"), one JSON object a line.
//!
//! ```text
//! us                                          QEMU
//!  | <--------- {"QMP": {...}} ---------------- |   ignored, like every event
//!  | -- {"execute": "qmp_capabilities"} ------> |   before the first command
//!  | -- {"execute": ..., "id": 2} ------------> |   `getfd` and `add-fd` carry a descriptor
//!  | <--------- {"return": {}, "id": 2} ------- |   or {"error": {"desc": ...}, "id": 2}
//! ```
//!
//! The socket is a pair that QEMU inherits, so nobody else can connect. A task reads it all the
//! time: QEMU keeps in memory what nobody reads. Before the first command QEMU reports no events.

use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, Interest};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::Error;

/// Longest line in bytes; the answers to our commands have a few hundred.
const LINE_BYTES: u64 = 256 * 1024;
/// Answers that may wait for their reader. Each of them belongs to a command, of which few are
/// sent before their answers are read.
const WAITING: usize = 16;
/// Time limit for an answer. QEMU answers in a moment, but its start on a busy host takes longer.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);

/// The host's end of a monitor.
#[derive(Debug)]
pub(super) struct Monitor {
    conversation: Mutex<Conversation>,
    reader: JoinHandle<()>,
}

/// A command with its arguments, and the descriptor that goes with it.
#[derive(Debug)]
pub(super) struct Command<'a> {
    name: &'static str,
    arguments: Value,
    descriptor: Option<BorrowedFd<'a>>,
}

impl<'a> Command<'a> {
    /// A command without arguments.
    pub(super) fn plain(name: &'static str) -> Self {
        Self::with(name, json!({}))
    }

    /// A command with arguments.
    pub(super) fn with(name: &'static str, arguments: Value) -> Self {
        Self {
            name,
            arguments,
            descriptor: None,
        }
    }

    /// `getfd`: gives QEMU a copy of a descriptor, which other commands know by its name.
    pub(super) fn give(descriptor: BorrowedFd<'a>, name: &str) -> Self {
        Self {
            descriptor: Some(descriptor),
            ..Self::with("getfd", json!({ "fdname": name }))
        }
    }

    /// `add-fd`: gives QEMU a copy of a descriptor for one of its sets, and tells its number there.
    pub(super) fn add(descriptor: BorrowedFd<'a>, set: u64) -> Self {
        Self {
            descriptor: Some(descriptor),
            ..Self::with("add-fd", json!({ "fdset-id": set }))
        }
    }
}

#[derive(Debug)]
struct Conversation {
    writer: OwnedWriteHalf,
    answers: mpsc::Receiver<Answer>,
    /// Number of the last command.
    last: u64,
}

/// A line with an answer.
#[derive(Debug, Deserialize)]
struct Answer {
    id: u64,
    #[serde(rename = "return")]
    value: Option<Value>,
    error: Option<Refusal>,
}

#[derive(Debug, Deserialize)]
struct Refusal {
    desc: String,
}

impl Monitor {
    /// A monitor over our end of the pair.
    pub(super) fn over(stream: UnixStream) -> Self {
        let (reader, writer) = stream.into_split();
        let (sender, answers) = mpsc::channel(WAITING);
        Self {
            conversation: Mutex::new(Conversation {
                writer,
                answers,
                last: 0,
            }),
            reader: tokio::spawn(listen(reader, sender)),
        }
    }

    /// Has QEMU execute a command; returns what it answers.
    ///
    /// # Errors
    /// [`Error::Monitor`].
    pub(super) async fn execute(&self, command: Command<'_>) -> Result<Value, Error> {
        self.execute_all([command]).await
    }

    /// Has QEMU execute commands one after another, without waiting for it between them; returns
    /// the answer to the last one.
    ///
    /// # Errors
    /// [`Error::Monitor`] for the first command that fails. Those after it were sent as well.
    pub(super) async fn execute_all<const N: usize>(
        &self,
        commands: [Command<'_>; N],
    ) -> Result<Value, Error> {
        let mut conversation = self.conversation.lock().await;
        let mut sent = Vec::with_capacity(N + 1);
        if conversation.last == 0 {
            let greeting = Command::plain("qmp_capabilities");
            sent.push((conversation.send(&greeting).await?, greeting.name));
        }
        for command in commands {
            sent.push((conversation.send(&command).await?, command.name));
        }
        let mut last = Value::Null;
        for (id, command) in sent {
            last = conversation.answer(id, command).await?;
        }
        Ok(last)
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl Conversation {
    /// Sends a command; returns its number.
    async fn send(&mut self, command: &Command<'_>) -> Result<u64, Error> {
        self.last += 1;
        let mut line = json!({
            "execute": command.name,
            "arguments": command.arguments,
            "id": self.last,
        })
        .to_string();
        line.push('\n');
        let sent = async {
            let begun = match command.descriptor {
                Some(descriptor) => self.send_with(line.as_bytes(), descriptor).await?,
                None => 0,
            };
            self.writer
                .write_all(line.as_bytes().get(begun..).unwrap_or_default())
                .await
        };
        match timeout(ANSWER_LIMIT, sent).await {
            Ok(Ok(())) => Ok(self.last),
            Ok(Err(error)) => Err(failed(command.name, error.to_string())),
            Err(_) => Err(late(command.name)),
        }
    }

    /// Sends the beginning of a line with a descriptor; returns the length of the beginning.
    async fn send_with(&self, line: &[u8], descriptor: BorrowedFd<'_>) -> io::Result<usize> {
        let stream: &UnixStream = self.writer.as_ref();
        let send = || {
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
            let mut ancillary = SendAncillaryBuffer::new(&mut space);
            let descriptors = [descriptor];
            ancillary.push(SendAncillaryMessage::ScmRights(&descriptors));
            let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
            let sent = sendmsg(stream.as_fd(), &[IoSlice::new(line)], &mut ancillary, flags)?;
            Ok(sent)
        };
        stream.async_io(Interest::WRITABLE, send).await
    }

    /// Waits for the answer to the command with this number. Answers to earlier commands, whose
    /// callers have given up, are passed over.
    async fn answer(&mut self, id: u64, command: &'static str) -> Result<Value, Error> {
        let found = async {
            while let Some(answer) = self.answers.recv().await {
                if answer.id == id {
                    return Some(answer);
                }
            }
            None
        };
        match timeout(ANSWER_LIMIT, found).await {
            Ok(Some(answer)) => match (answer.error, answer.value) {
                (Some(refusal), _) => Err(failed(command, refusal.desc)),
                (None, value) => Ok(value.unwrap_or_default()),
            },
            Ok(None) => Err(failed(command, "QEMU closed its monitor".to_owned())),
            Err(_) => Err(late(command)),
        }
    }
}

/// Reads lines to the end of the stream, or to one that no QEMU sends.
async fn listen(reader: OwnedReadHalf, answers: mpsc::Sender<Answer>) {
    let mut reader = BufReader::new(reader);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = (&mut reader)
            .take(LINE_BYTES)
            .read_until(b'\n', &mut line)
            .await;
        if !matches!(read, Ok(1..)) || line.last() != Some(&b'\n') {
            return;
        }
        // The greeting, events and errors without a command have no id.
        if let Ok(answer) = serde_json::from_slice::<Answer>(&line)
            && answers.send(answer).await.is_err()
        {
            return;
        }
    }
}

fn failed(command: &'static str, reason: String) -> Error {
    Error::Monitor { command, reason }
}

fn late(command: &'static str) -> Error {
    let seconds = ANSWER_LIMIT.as_secs();
    failed(command, format!("QEMU did not answer within {seconds} s"))
}

#[cfg(test)]
mod tests;
