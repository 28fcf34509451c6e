//! What clients, the holder and the task of the boundary share about the network of a machine.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use lazaret_egress::{Answer, AskRecord, CredentialAnswer, DecisionRecord, ToBoundary};
use lazaret_policy::Verdict;

use super::questions::Questions;
use super::refusals::Refusals;
use super::rules::Rules;
use crate::audit::{AuditEvent, AuditLog, PersonsAnswer};
use crate::integrations::RunCredentials;
use crate::machines::events::{self, Action};
use crate::machines::question::{AnswerScope, Question};
use crate::machines::record::Spec;
use crate::{Error, NetworkError};

/// What clients and the boundary's task share.
#[derive(Debug)]
pub(in crate::machines) struct Shared {
    pub(super) machine: Told,
    pub(super) rules: Rules,
    pub(super) questions: Questions,
    /// Its secrets, if it has services with any.
    pub(super) credentials: Option<RunCredentials>,
    pub(super) audit: Arc<AuditLog>,
    pub(super) refusals: Refusals,
    /// Whether the run is over, so that no other boundary is started.
    pub(super) ending: AtomicBool,
}

/// Whose events are noted.
#[derive(Debug)]
pub(super) struct Told {
    /// The folder of all machines.
    pub(super) machines: PathBuf,
    pub(super) spec: Spec,
}

impl Shared {
    /// Tells the boundary the rules as they are now.
    pub(super) fn tell_rules(&self) {
        let documents = self.rules.documents();
        self.audit.note(&AuditEvent::Policy {
            documents: serde_json::to_value(&documents).unwrap_or_default(),
            by: None,
        });
        self.questions.send(ToBoundary::Policy(documents));
    }

    /// Keeps what was decided.
    pub(super) fn record(&self, record: DecisionRecord) {
        if record.verdict != Verdict::Deny {
            return self.audit.note(&AuditEvent::Decision(Box::new(record)));
        }
        let Some(record) = self.refusals.admit(record) else {
            return;
        };
        let machine = &self.machine;
        events::note_network(&machine.machines, Action::Deny, &machine.spec, &record);
        self.audit.note(&AuditEvent::Decision(Box::new(record)));
    }

    /// The secret for a request of this machine.
    pub(super) async fn credential(
        &self,
        integration: &str,
        name: &str,
        host: &str,
    ) -> CredentialAnswer {
        match &self.credentials {
            Some(credentials) => credentials.answer(integration, name, host).await,
            None => CredentialAnswer::Missing("this machine has no credentials".to_owned()),
        }
    }

    /// Keeps a question, and tells that somebody is asked.
    pub(super) fn ask(&self, asked: AskRecord) {
        let record = DecisionRecord {
            verdict: Verdict::Ask,
            rule: asked.rule.clone(),
            protocol: if asked.method.is_some() {
                "http"
            } else {
                "tcp"
            }
            .to_owned(),
            host: asked.host.clone(),
            port: asked.port,
            method: asked.method.clone(),
            path: asked.path.clone(),
            credentials: Vec::new(),
            reason: None,
        };
        // A guest may cause as many as it likes, and take them back.
        if let Some(record) = self.refusals.admit(record) {
            let machine = &self.machine;
            events::note_network(&machine.machines, Action::Ask, &machine.spec, &record);
        }
        self.questions.add(asked);
    }

    /// Whether the run is over.
    pub(super) fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Acquire)
    }

    /// What waits for a person.
    pub(in crate::machines) fn questions(&self) -> Vec<Question> {
        self.questions.list()
    }

    /// Waits until there is another list of questions than the one seen last.
    pub(in crate::machines) fn changes(&self) -> tokio::sync::watch::Receiver<()> {
        self.questions.changes()
    }

    /// Answers a question; for the run, or this time alone. Returns what was asked.
    ///
    /// # Errors
    /// [`NetworkError::NoQuestion`] when nobody waits for it; [`Error::Io`] when the answer cannot be kept.
    pub(in crate::machines) fn answer(
        &self,
        number: u64,
        answer: Answer,
        scope: AnswerScope,
    ) -> Result<AskRecord, Error> {
        let asked = self.questions.get(number);
        let asked = asked.ok_or_else(|| NetworkError::NoQuestion {
            question: number.to_string(),
        })?;
        if scope == AnswerScope::Run {
            self.rules.answer(&asked, answer)?;
            self.tell_rules();
        }
        self.audit.note(&AuditEvent::Answer(PersonsAnswer {
            ask: number,
            answer,
            host: asked.host.clone(),
            port: asked.port,
            by: Some(rustix::process::getuid().as_raw()),
        }));
        self.questions.answer(number, answer);
        Ok(asked)
    }
}
