//! The policy of a machine as it is now: its documents, one of which may be a file that people change,
//! and what a person has answered.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use lazaret_egress::{Answer, AskRecord};
use lazaret_policy::{Document, Layer, Verdict};

use crate::machines::network_launch::NetworkLaunch;
use crate::{Error, policy_file};

/// The file with the answers for a machine, in its folder.
const ANSWERS: &str = "answers.json";

#[derive(Debug)]
pub(super) struct Rules {
    state: Mutex<State>,
    /// The file that is followed.
    file: Option<PathBuf>,
    answers: PathBuf,
}

#[derive(Debug)]
struct State {
    documents: Vec<Document>,
    answers: Document,
    /// The file that the documents were read from, as it was then.
    seen: Option<Stamp>,
}

impl Rules {
    /// The rules of a machine; answers that it has had before are in its folder.
    pub(super) fn new(launch: &NetworkLaunch, folder: &Path) -> Self {
        let answers = folder.join(ANSWERS);
        let known = fs::read(&answers).ok();
        let known = known.and_then(|text| serde_json::from_slice(&text).ok());
        Self {
            state: Mutex::new(State {
                documents: launch.documents.clone(),
                answers: known.unwrap_or_else(none),
                // The first look finds what was changed since the machine was made.
                seen: None,
            }),
            file: launch.file.clone(),
            answers,
        }
    }

    /// All documents.
    pub(super) fn documents(&self) -> Vec<Document> {
        let state = self.state();
        let answers = [&state.answers].into_iter().cloned();
        state.documents.iter().cloned().chain(answers).collect()
    }

    /// Reads the file again if it has changed; returns whether there are other rules now. A file that
    /// cannot be understood changes nothing.
    ///
    /// # Errors
    /// Those of the file.
    pub(super) fn follow(&self) -> Result<bool, Error> {
        let Some(file) = &self.file else {
            return Ok(false);
        };
        let found = stamp(file);
        let mut state = self.state();
        if found.is_none() || found == state.seen {
            return Ok(false);
        }
        state.seen = found;
        state.documents = policy_file::read_documents(file)?;
        Ok(true)
    }

    /// Keeps an answer for all requests to the same place.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub(super) fn answer(&self, asked: &AskRecord, answer: Answer) -> Result<(), Error> {
        let mut state = self.state();
        let verdict = match answer {
            Answer::Allow => Verdict::Allow,
            Answer::Deny => Verdict::Deny,
        };
        state.answers.rules.push(asked.rule_for_place(verdict));
        let text = serde_json::to_vec(&state.answers).map_err(std::io::Error::from);
        let written = text.and_then(|text| {
            let new = self.answers.with_extension("new");
            fs::write(&new, text)?;
            fs::rename(&new, &self.answers)
        });
        written.map_err(Error::io("write", &self.answers))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// No answers yet.
fn none() -> Document {
    Document {
        origin: "answers".to_owned(),
        layer: Layer::Answers,
        default: None,
        rules: Vec::new(),
    }
}

/// By what a file is known to be as it was: device, inode, size, and when content and the file itself changed.
type Stamp = (u64, u64, u64, (i64, i64), (i64, i64));

fn stamp(file: &Path) -> Option<Stamp> {
    let found = fs::metadata(file).ok()?;
    let changed = (found.ctime(), found.ctime_nsec());
    let written = (found.mtime(), found.mtime_nsec());
    Some((found.dev(), found.ino(), found.len(), written, changed))
}
