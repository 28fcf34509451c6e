//! The requests of a user's machines that wait for a person.

mod number;

use std::path::{Path, PathBuf};
use std::time::Duration;

use lazaret_egress::Answer;
use lazaret_policy::Verdict;
use lazaret_values::Chain;
use serde::Serialize;
use tokio::time::timeout;

use crate::machines::{AnswerScope, Event, Found, Holder, Question, Session, Spec};
use crate::policies::{PolicyChange, settle_in_policy};
use crate::{Error, Home, NetworkError};

/// Time for a holder to give its list; it is a process of this host.
const LISTS_WITHIN: Duration = Duration::from_secs(10);

/// A request that waits for a person, and the machine that makes it.
#[derive(Debug, Clone, Serialize)]
pub struct MachineQuestion {
    /// Id of the machine.
    pub machine: String,
    /// Its name.
    pub machine_name: String,
    /// What is asked.
    #[serde(flatten)]
    pub question: Question,
}

impl MachineQuestion {
    /// By what it is answered: the machine's short id and the question's number.
    #[must_use]
    pub fn id(&self) -> String {
        let short = self.machine.get(..12).unwrap_or(&self.machine);
        format!("{short}-{}", number::text(self.question.asked.ask))
    }
}

impl Home {
    /// What waits for a person in all machines that run.
    ///
    /// # Errors
    /// [`Error::Io`] and others of the folders. A machine that ends meanwhile is left out.
    pub async fn questions(&self) -> Result<Vec<MachineQuestion>, Error> {
        let mut questions = Vec::new();
        for found in self.machines()? {
            if found.state.life.is_held() && found.spec.has_network() {
                questions.extend(self.questions_of(&found).await.unwrap_or_default());
            }
        }
        Ok(questions)
    }

    /// What waits for a person in one machine.
    async fn questions_of(&self, found: &Found) -> Result<Vec<MachineQuestion>, Error> {
        let holder = self.holder(found).await?;
        let mut waiting = WaitingQuestions::open(&holder, &found.spec, false)?;
        timeout(LISTS_WITHIN, waiting.next())
            .await
            .map_err(|_| Error::ChannelClosed)?
    }

    /// Answers a request, by the name that [`MachineQuestion::id`] gives or the name of its machine and
    /// its number; returns it.
    ///
    /// # Errors
    /// [`NetworkError::QuestionName`], [`NetworkError::NoQuestion`]; those of finding the machine.
    pub async fn answer_question(
        &self,
        name: &str,
        answer: Answer,
        scope: AnswerScope,
    ) -> Result<MachineQuestion, Error> {
        let (found, asked) = self.question(name).await?;
        let holder = self.holder(&found).await?;
        holder
            .answer(asked.question.asked.ask, answer, scope)
            .await?;
        Ok(asked)
    }

    /// Answers a request and writes the answer into a policy file: this one, or the one that the machine
    /// follows. Until the machine is removed, the answer holds for it whatever that file says.
    ///
    /// # Errors
    /// Those of [`Home::answer_question`] and [`settle_in_policy`], [`NetworkError::NoPolicyFile`].
    pub async fn settle_question(
        &self,
        name: &str,
        answer: Answer,
        file: Option<&Path>,
    ) -> Result<(MachineQuestion, PolicyChange), Error> {
        let (found, asked) = self.question(name).await?;
        let followed = followed_policy(&found.spec);
        let file = file.map(Path::to_owned).or(followed);
        let file = file.ok_or_else(|| NetworkError::NoPolicyFile {
            machine: found.spec.name.clone(),
        })?;
        let verdict = match answer {
            Answer::Allow => Verdict::Allow,
            Answer::Deny => Verdict::Deny,
        };
        let change = settle_in_policy(&file, &asked.question.asked, verdict)?;
        let holder = self.holder(&found).await?;
        let number = asked.question.asked.ask;
        // The rule stands, and its user has to see it, although the request may be over by now.
        if let Err(error) = holder.answer(number, answer, AnswerScope::Run).await {
            tracing::debug!(error = %Chain(&error), "the request is over");
        }
        Ok((asked, change))
    }

    /// The request with this name, and its machine.
    async fn question(&self, name: &str) -> Result<(Found, MachineQuestion), Error> {
        let parts = name.rsplit_once('-');
        let parts = parts.and_then(|(machine, number)| Some((machine, number::parse(number)?)));
        let Some((machine, number)) = parts else {
            let text = name.to_owned();
            return Err(NetworkError::QuestionName { text }.into());
        };
        let found = self.machine(machine)?;
        let questions = self.questions_of(&found).await?;
        let asked = questions
            .into_iter()
            .find(|asked: &MachineQuestion| asked.question.asked.ask == number);
        let asked = asked.ok_or_else(|| NetworkError::NoQuestion {
            question: name.to_owned(),
        })?;
        Ok((found, asked))
    }
}

/// The policy file that a machine follows.
#[must_use]
pub fn followed_policy(spec: &Spec) -> Option<PathBuf> {
    spec.launch.network.as_ref()?.file.clone()
}

/// The requests of one machine that wait, as they come and go.
#[derive(Debug)]
pub struct WaitingQuestions {
    machine: String,
    machine_name: String,
    session: Session,
    text: Vec<u8>,
}

impl WaitingQuestions {
    /// Those of the machine with this specification; with `follow` again after each change.
    ///
    /// # Errors
    /// Those of the machine's holder.
    pub fn open(holder: &Holder, spec: &Spec, follow: bool) -> Result<Self, Error> {
        Ok(Self {
            machine: spec.id.clone(),
            machine_name: spec.name.clone(),
            session: holder.questions(follow)?,
            text: Vec::new(),
        })
    }

    /// All that wait now, when it is known. Dropping the future loses nothing.
    ///
    /// # Errors
    /// Those of the session; [`Error::ChannelClosed`] when it has ended.
    pub async fn next(&mut self) -> Result<Vec<MachineQuestion>, Error> {
        loop {
            if let Some(end) = self.text.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.text.drain(..=end).collect();
                let questions: Vec<Question> = serde_json::from_slice(&line).unwrap_or_default();
                let of_machine = |question| MachineQuestion {
                    machine: self.machine.clone(),
                    machine_name: self.machine_name.clone(),
                    question,
                };
                return Ok(questions.into_iter().map(of_machine).collect());
            }
            match self.session.events.next().await? {
                Event::Output(bytes) => self.text.extend_from_slice(&bytes),
                Event::Started | Event::Errors(_) => {}
                Event::Ended(_) => return Err(Error::ChannelClosed),
            }
        }
    }
}
