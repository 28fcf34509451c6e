//! Tells of requests that wait for a person while their machine runs in the foreground, and asks about
//! them at a terminal that nobody else reads.
//!
//! The guest writes to the same terminal, and may show a question that is none. An answer that permits therefore
//! repeats a code of its question, which the guest does not know; and what was typed before a question is no
//! answer to it.

use std::collections::hash_map::RandomState;
use std::convert::Infallible;
use std::future::pending;
use std::hash::BuildHasher as _;
use std::io::IsTerminal as _;

use lazaret_supervisor::{
    Answer, AnswerScope, Error, Holder, Home, MachineQuestion, MachineSpec, WaitingQuestions,
    followed_policy,
};
use lazaret_values::{Chain, Printable};
use rustix::termios::{QueueSelector, tcflush};
use tokio::sync::mpsc;

use crate::attach::{self, Part};
use crate::changed_text::changed_text;
use crate::commands::approve::what;
use crate::context::Context;

/// Longest line of an answer, in bytes; of a longer one the end.
const LONGEST: usize = 64 * 1024;

/// What can be done about questions beside a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::commands) enum Attention {
    /// A person may be asked: nobody else reads the terminal.
    Ask,
    /// They are told.
    Tell,
    /// Nothing: the guest has the whole terminal.
    Nothing,
}

impl Attention {
    /// What goes with taking part in this way.
    pub(in crate::commands) fn of(part: &Part) -> Self {
        match (&part.terminal, part.input) {
            (Some(_), _) => Self::Nothing,
            (None, true) => Self::Tell,
            (None, false) => Self::Ask,
        }
    }
}

/// What a person has typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Typed {
    Once(Answer),
    Run,
    Always,
}

/// The lines that a person types.
struct Lines {
    /// What is read, as it comes; nothing is read before somebody waits for it.
    pieces: Option<mpsc::Receiver<Vec<u8>>>,
    text: Vec<u8>,
}

/// The machine, and who may be asked about it.
struct Asking<'a> {
    context: &'a Context,
    home: &'a Home,
    spec: &'a MachineSpec,
    lines: Option<Lines>,
    /// Whether an answer can stand in a policy file.
    has_file: bool,
}

/// Attends to the questions of a machine for as long as it is polled.
pub(in crate::commands) async fn attend(
    context: &Context,
    home: &Home,
    spec: &MachineSpec,
    holder: &Holder,
    attention: Attention,
) -> Infallible {
    if spec.has_network() && attention != Attention::Nothing {
        let mut asking = Asking {
            context,
            home,
            spec,
            lines: (attention == Attention::Ask).then(Lines::open).flatten(),
            has_file: followed_policy(spec).is_some(),
        };
        if let Err(error) = asking.watch(holder).await {
            tracing::debug!(error = %Chain(&error), "no more questions");
        }
    }
    pending().await
}

impl Asking<'_> {
    async fn watch(&mut self, holder: &Holder) -> Result<(), Error> {
        let mut waiting = WaitingQuestions::open(holder, self.spec, true)?;
        let mut list = Vec::new();
        // Questions up to this number have been told, or answered here.
        let mut told = 0;
        loop {
            let next = list
                .iter()
                .find(|asked: &&MachineQuestion| asked.question.asked.ask > told);
            let Some(asked) = next.cloned() else {
                list = waiting.next().await?;
                continue;
            };
            told = asked.question.asked.ask;
            match self.lines.is_some() {
                true => self.ask(&asked, &mut waiting, &mut list).await?,
                false => self.context.printer.note(&format!(
                    "{} waits for an answer: lazaret approve {}",
                    what(&asked),
                    asked.id()
                )),
            }
        }
    }

    /// Asks until there is an answer, or the request is over.
    async fn ask(
        &mut self,
        asked: &MachineQuestion,
        waiting: &mut WaitingQuestions,
        list: &mut Vec<MachineQuestion>,
    ) -> Result<(), Error> {
        let printer = self.context.printer;
        let code = code();
        let rule = asked.question.asked.rule.to_string();
        // It may be in the middle of a line of the guest.
        printer.always("");
        printer.always(&format!(
            "{} asks: {} ({})",
            asked.machine_name,
            what(asked),
            Printable::excerpt(&rule)
        ));
        if let Some(lines) = &mut self.lines {
            lines.forget();
        }
        loop {
            printer.always(&self.choices(asked, code));
            let Some(lines) = &mut self.lines else {
                return Ok(());
            };
            let line = tokio::select! {
                line = lines.next() => line,
                () = over(asked, waiting, list) => {
                    printer.always(&format!("{} waits no more", what(asked)));
                    return Ok(());
                }
            };
            let Some(line) = line else {
                // The terminal has gone.
                self.lines = None;
                return Ok(());
            };
            let Some(typed) = self.typed(&line, code) else {
                continue;
            };
            match self.answer(asked, typed).await {
                Ok(()) => return Ok(()),
                Err(error) => printer.warning(&Chain(&error).to_string()),
            }
        }
    }

    /// What may be typed.
    fn choices(&self, asked: &MachineQuestion, code: u64) -> String {
        let question = &asked.question.asked;
        let place = format!("{}:{}", question.host, question.port);
        let always = match self.has_file {
            true => format!(", a {code}: the same always, as a rule in the policy file"),
            false => String::new(),
        };
        format!(
            "permit it? y {code}: this request, r {code}: all to {place} for this run{always}, n: no"
        )
    }

    fn typed(&self, line: &str, code: u64) -> Option<Typed> {
        let line = line.trim().to_ascii_lowercase();
        if matches!(line.as_str(), "n" | "no") {
            return Some(Typed::Once(Answer::Deny));
        }
        let (answer, repeated) = line.split_once(' ')?;
        if repeated.trim().parse() != Ok(code) {
            return None;
        }
        match answer {
            "y" | "yes" => Some(Typed::Once(Answer::Allow)),
            "r" | "run" => Some(Typed::Run),
            "a" | "always" if self.has_file => Some(Typed::Always),
            _ => None,
        }
    }

    async fn answer(&self, asked: &MachineQuestion, typed: Typed) -> Result<(), Error> {
        let id = asked.id();
        let (answer, scope) = match typed {
            Typed::Once(answer) => (answer, AnswerScope::Once),
            Typed::Run => (Answer::Allow, AnswerScope::Run),
            Typed::Always => {
                let settled = self.home.settle_question(&id, Answer::Allow, None);
                let (_, change) = settled.await?;
                let name = change.path.display().to_string();
                let change = changed_text(&name, &change.before, &change.after);
                for line in change.lines() {
                    self.context.printer.always(line);
                }
                return Ok(());
            }
        };
        self.home.answer_question(&id, answer, scope).await?;
        Ok(())
    }
}

/// A number of three digits that nobody can foresee.
fn code() -> u64 {
    // The keys of the hash are random numbers of the system.
    100 + RandomState::new().hash_one("question") % 900
}

/// Waits until a request does not wait any more.
async fn over(
    asked: &MachineQuestion,
    waiting: &mut WaitingQuestions,
    list: &mut Vec<MachineQuestion>,
) {
    loop {
        match waiting.next().await {
            Ok(new) => *list = new,
            Err(_) => return,
        }
        let id = asked.question.asked.ask;
        if list.iter().all(|other| other.question.asked.ask != id) {
            return;
        }
    }
}

impl Lines {
    /// Lines of standard input, if it is a terminal with a person at it who sees what is asked.
    fn open() -> Option<Self> {
        let sees = std::io::stderr().is_terminal() && std::io::stdin().is_terminal();
        (sees && attach::stdin_is_ours()).then(|| Self {
            // The shell gets what is typed when there was no question.
            pieces: None,
            text: Vec::new(),
        })
    }

    /// Forgets what was typed until now.
    fn forget(&mut self) {
        // A terminal that is none keeps it, and the code is still needed.
        let _ = tcflush(std::io::stdin(), QueueSelector::IFlush);
        while let Some(Ok(_)) = self.pieces.as_mut().map(mpsc::Receiver::try_recv) {}
        self.text.clear();
    }

    /// The next line; `None` when there are no more. Dropping the future loses nothing.
    async fn next(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.text.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.text.drain(..=end).collect();
                return Some(String::from_utf8_lossy(&line).into_owned());
            }
            let pieces = self.pieces.get_or_insert_with(attach::read_stdin);
            let piece = pieces.recv().await?;
            if self.text.len() + piece.len() > LONGEST {
                self.text.clear();
            }
            self.text.extend_from_slice(&piece);
        }
    }
}
