//! What a client asks the holder of a machine: the request of a session.

use std::path::PathBuf;

use lazaret_egress::Answer;
use lazaret_protocol::{CopyRequest, Process};
use serde::{Deserialize, Serialize};

use super::question::AnswerScope;

/// A request. The answer is the ending of its session.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Order {
    /// Joins the workload: input, signals and sizes of the terminal go to it. The session ends with
    /// the machine, with its ending.
    Attach {
        /// Whether the output comes over this session, from its beginning, and waits for the client.
        /// Otherwise the client reads the log.
        output: bool,
        /// Whether the machine ends when the client goes, unless [`Order::Detach`] comes first.
        bound: bool,
    },
    /// The machine is no longer bound to any client.
    Detach,
    /// Runs one more command.
    Exec {
        /// The command.
        process: Process,
        /// Whether nobody waits for it: it has no input, and its output is dropped.
        detached: bool,
    },
    /// Copies files into or out of the machine.
    Copy(CopyRequest),
    /// Lists the processes of the machine.
    Processes,
    /// Has the guest hold writes to its scratch disk back until the input ends; see the request of the
    /// guest ([`lazaret_protocol::Request::Freeze`]). Clients take turns.
    Freeze,
    /// Ends with the machine, with its ending.
    Wait,
    /// Gives one byte of output after each change of the log; several changes may be one byte.
    /// Ends with the machine.
    Watch,
    /// Asks the workload to end, and kills it after a time. The machine is not started again by
    /// itself.
    Stop {
        /// Number of the signal that asks it.
        signal: u8,
        /// Seconds after which it is killed.
        seconds: u64,
    },
    /// Sends a signal to the workload. SIGKILL also ends a machine whose guest does not obey.
    Kill(u8),
    /// Ends the machine at once, without asking the guest.
    End,
    /// Stops the processors.
    Pause,
    /// Lets the processors go on, and sets the guest's clock.
    Resume,
    /// Gives the requests of the workload that wait for a person, as a JSON list in a line; with `follow`
    /// again after each change, until the machine is over.
    Questions {
        /// Whether changes follow.
        follow: bool,
    },
    /// Answers one of them.
    Answer {
        /// Its number.
        question: u64,
        /// The answer.
        answer: Answer,
        /// How far it reaches.
        scope: AnswerScope,
    },
    /// Saves memory, devices and disks of this moment; the machine goes on.
    Save {
        /// An empty folder for them.
        folder: PathBuf,
    },
}
