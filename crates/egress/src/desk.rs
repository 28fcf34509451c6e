//! Where every connection and request of the guest is decided, and where what was decided is told.
//!
//! One desk serves one machine, on one thread. It asks the process that holds the machine for what
//! only that knows: a person's answer, a secret.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

use lazaret_policy::{Access, Document, Host, Policy, Request, RuleId, Target, Verdict};
use tokio::sync::{Notify, mpsc, oneshot, watch};

use lazaret_values::Printable;
pub use lazaret_values::Secret;

use crate::message::{
    Answer, AskRecord, CredentialAnswer, DecisionRecord, FromBoundary, Integration, Settings,
    ToBoundary,
};

/// The most requests that wait for a person at once; a further one is refused.
const MOST_HELD: usize = 256;

/// Messages that wait for the holder, from which on the guest waits.
const MOST_WAITING: usize = 512;

/// Where a connection of the guest goes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Destination {
    /// The name that the address was given for; `None` for an address that the guest came up with.
    pub name: Option<String>,
    /// The address that the guest connects to.
    pub address: IpAddr,
    /// The port.
    pub port: u16,
}

impl Destination {
    /// As policies see it.
    #[must_use]
    pub fn target(&self) -> Target<'_> {
        Target {
            host: match &self.name {
                Some(name) => Host::Name(name),
                None => Host::Address(self.address),
            },
            port: self.port,
        }
    }

    /// The name or the address.
    #[must_use]
    pub fn host(&self) -> String {
        self.name
            .clone()
            .unwrap_or_else(|| self.address.to_string())
    }
}

/// Why a connection or request does not pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What has decided.
    pub rule: RuleId,
    /// The reason, in words; printable.
    pub reason: String,
}

/// The longest time for which a request is held.
const LONGEST_HOLD: Duration = Duration::from_secs(30 * 24 * 3600);

/// The decisions of one machine.
#[derive(Debug)]
pub struct Desk {
    policy: RefCell<Rc<Policy>>,
    /// Changes when the policy does.
    changed: watch::Sender<()>,
    /// Names whose address the user has given.
    hosts: HashMap<String, IpAddr>,
    /// Whether what no rule denies passes.
    learns: bool,
    integrations: Vec<Integration>,
    hold: Duration,
    next: Cell<u64>,
    asks: RefCell<HashMap<u64, oneshot::Sender<Answer>>>,
    credentials: RefCell<HashMap<u64, oneshot::Sender<CredentialAnswer>>>,
    holder: mpsc::UnboundedSender<FromBoundary>,
    /// Messages that the holder has not got yet.
    waiting: Cell<usize>,
    sent: Notify,
}

impl Desk {
    /// A desk that tells what it decides, and asks, over `holder`.
    #[must_use]
    pub fn of(settings: &Settings, holder: mpsc::UnboundedSender<FromBoundary>) -> Self {
        let hold = Duration::from_secs(settings.ask_seconds);
        let documents = settings.documents.clone();
        let mut desk = Self::new(documents, settings.integrations.clone(), hold, holder);
        desk.learns = settings.learn;
        desk.hosts = settings.hosts.iter().cloned().collect();
        desk
    }

    /// A desk with these documents, which learns nothing.
    #[must_use]
    pub fn new(
        documents: Vec<Document>,
        integrations: Vec<Integration>,
        hold: Duration,
        holder: mpsc::UnboundedSender<FromBoundary>,
    ) -> Self {
        Self {
            policy: RefCell::new(Rc::new(Policy::compile(documents))),
            changed: watch::channel(()).0,
            learns: false,
            hosts: HashMap::new(),
            integrations,
            hold: hold.min(LONGEST_HOLD),
            next: Cell::new(1),
            asks: RefCell::default(),
            credentials: RefCell::default(),
            holder,
            waiting: Cell::new(0),
            sent: Notify::new(),
        }
    }

    /// Takes a message of the holder.
    pub fn take(&self, message: ToBoundary) {
        match message {
            ToBoundary::Policy(documents) => {
                *self.policy.borrow_mut() = Rc::new(Policy::compile(documents));
                self.changed.send_replace(());
            }
            ToBoundary::Answer { ask, answer } => {
                if let Some(waiting) = self.asks.borrow_mut().remove(&ask) {
                    // Whoever waited may have gone.
                    let _ = waiting.send(answer);
                }
            }
            ToBoundary::Credential { request, answer } => {
                if let Some(waiting) = self.credentials.borrow_mut().remove(&request) {
                    let _ = waiting.send(answer);
                }
            }
        }
    }

    /// What a connection needs before its first byte.
    #[must_use]
    pub fn access(&self, destination: &Destination) -> Access {
        match self.policy().access(&destination.target()) {
            Access::Deny(rule) if self.learns && !decides(&rule) => Access::Pass(rule),
            Access::AskConnection(rule) if self.learns => Access::Pass(rule),
            access => access,
        }
    }

    /// Whether a rule names the literal address of a destination.
    #[must_use]
    pub fn names_literal(&self, destination: &Destination) -> bool {
        self.policy().names_literal(&destination.target())
    }

    /// Whether a rule names this address of the destination, or the user has given it.
    #[must_use]
    pub fn names_address(&self, destination: &Destination, address: IpAddr) -> bool {
        let given = destination
            .name
            .as_deref()
            .and_then(|name| self.address_of(name));
        if given == Some(address) {
            return true;
        }
        self.policy().names_address(&destination.target(), address)
    }

    /// The rule that denies an address that the destination's name leads to.
    #[must_use]
    pub fn denies_address(&self, destination: &Destination, address: IpAddr) -> Option<RuleId> {
        self.policy().denies_address(&destination.target(), address)
    }

    /// Whether a rule, or the user, names this host, although it looks like none of the world.
    #[must_use]
    pub fn names_host(&self, name: &str) -> bool {
        self.address_of(name).is_some() || self.policy().names_host(name)
    }

    /// The address that the user has given for a name.
    #[must_use]
    pub fn address_of(&self, name: &str) -> Option<IpAddr> {
        self.hosts.get(name).copied()
    }

    /// The integration whose endpoint this is.
    #[must_use]
    pub fn integration(&self, destination: &Destination) -> Option<&Integration> {
        let name = destination.name.as_deref()?;
        self.integrations.iter().find(|integration| {
            integration.endpoints.iter().any(|endpoint| {
                let port = match endpoint.ports.as_slice() {
                    [] => destination.port == 443,
                    ports => ports.contains(&destination.port),
                };
                let host = match endpoint.host.strip_prefix("*.") {
                    Some(domain) => name
                        .strip_suffix(domain)
                        .is_some_and(|rest| rest.len() > 1 && rest.ends_with('.')),
                    None => name.eq_ignore_ascii_case(&endpoint.host),
                };
                port && host
            })
        })
    }

    /// Decides on a request, or on a whole connection without one, and waits for a person where the
    /// policy says so. A refusal is not told yet: see [`Desk::record`].
    ///
    /// # Errors
    /// A [`Refusal`].
    pub async fn permit(
        &self,
        destination: &Destination,
        request: Option<&Request<'_>>,
    ) -> Result<RuleId, Refusal> {
        self.room().await;
        let mut changed = self.changed.subscribe();
        let mut asked: Option<Asked<'_>> = None;
        let deadline = tokio::time::Instant::now() + self.hold;
        loop {
            let (verdict, rule) = self.decide(destination, request);
            match verdict {
                Verdict::Allow => return Ok(rule),
                Verdict::Deny => {
                    let reason = format!("the policy denies {}", destination.host());
                    return Err(Refusal { rule, reason });
                }
                Verdict::Ask => {}
            }
            let asked = match &mut asked {
                Some(asked) => asked,
                None => asked.insert(self.ask(destination, request, &rule)?),
            };
            let reason = tokio::select! {
                answer = &mut asked.answer => match answer {
                    Ok(Answer::Allow) => return Ok(rule),
                    Ok(Answer::Deny) => "it was asked for and denied",
                    Err(_) => "nobody can be asked",
                },
                _ = changed.changed() => continue,
                () = tokio::time::sleep_until(deadline) => "it was asked for and not answered in time",
            };
            return Err(Refusal {
                rule,
                reason: reason.to_owned(),
            });
        }
    }

    /// Asks for a secret; it is asked for anew for each request, so that one that is taken back is
    /// not used again.
    ///
    /// # Errors
    /// Why there is none, in words.
    pub async fn credential(
        &self,
        integration: &str,
        name: &str,
        host: &str,
    ) -> Result<Secret, String> {
        let request = self.number();
        let (sender, answer) = oneshot::channel();
        self.credentials.borrow_mut().insert(request, sender);
        self.tell(FromBoundary::Credential {
            request,
            integration: integration.to_owned(),
            name: name.to_owned(),
            host: host.to_owned(),
        });
        match answer.await {
            Ok(CredentialAnswer::Secret(secret)) => Ok(Secret::new(secret)),
            Ok(CredentialAnswer::Missing(reason)) => Err(reason),
            Err(_) => Err("nobody can be asked for it".to_owned()),
        }
    }

    /// Ends when the policy denies what has passed before.
    pub async fn denied(
        &self,
        destination: &Destination,
        request: Option<&Request<'_>>,
    ) -> Refusal {
        let mut changed = self.changed.subscribe();
        loop {
            if changed.changed().await.is_err() {
                // The desk itself is the sender.
                return std::future::pending().await;
            }
            if let (Verdict::Deny, rule) = self.decide(destination, request) {
                let reason = format!("the policy denies {} now", destination.host());
                return Refusal { rule, reason };
            }
        }
    }

    /// Waits until the holder has got most of what it was told, so that a guest that asks for much waits
    /// instead of what it is told piling up.
    pub async fn room(&self) {
        while self.waiting.get() >= MOST_WAITING {
            self.sent.notified().await;
        }
    }

    /// The holder has got a message.
    pub fn sent(&self) {
        self.waiting.set(self.waiting.get().saturating_sub(1));
        self.sent.notify_waiters();
    }

    /// Tells what was decided.
    pub fn record(&self, record: DecisionRecord) {
        self.tell(FromBoundary::Decision(record));
    }

    fn decide(
        &self,
        destination: &Destination,
        request: Option<&Request<'_>>,
    ) -> (Verdict, RuleId) {
        match request {
            Some(request) => {
                let decision = self.policy().request(&destination.target(), request);
                match decision.verdict {
                    Verdict::Deny if decides(&decision.rule) => (Verdict::Deny, decision.rule),
                    Verdict::Deny | Verdict::Ask if self.learns => (Verdict::Allow, decision.rule),
                    verdict => (verdict, decision.rule),
                }
            }
            None => match self.access(destination) {
                Access::Deny(rule) => (Verdict::Deny, rule),
                Access::Pass(rule) => (Verdict::Allow, rule),
                Access::AskConnection(rule) => (Verdict::Ask, rule),
                // It is not known to be a request.
                Access::Inspect => (Verdict::Deny, RuleId("builtin:not-http".to_owned())),
            },
        }
    }

    fn ask(
        &self,
        destination: &Destination,
        request: Option<&Request<'_>>,
        rule: &RuleId,
    ) -> Result<Asked<'_>, Refusal> {
        if self.asks.borrow().len() >= MOST_HELD {
            let reason = format!("{MOST_HELD} requests wait for an answer already");
            return Err(Refusal {
                rule: rule.clone(),
                reason,
            });
        }
        let number = self.number();
        let (sender, answer) = oneshot::channel();
        self.asks.borrow_mut().insert(number, sender);
        self.tell(FromBoundary::Ask(AskRecord {
            ask: number,
            rule: rule.clone(),
            host: destination.host(),
            port: destination.port,
            method: request.map(|request| Printable::new(request.method).within(32).to_string()),
            path: request.map(|request| Printable::new(request.path).to_string()),
            connection: request.is_none(),
        }));
        Ok(Asked {
            desk: self,
            number,
            answer,
        })
    }

    fn policy(&self) -> Rc<Policy> {
        self.policy.borrow().clone()
    }

    fn number(&self) -> u64 {
        let number = self.next.get();
        self.next.set(number + 1);
        number
    }

    fn tell(&self, message: FromBoundary) {
        self.waiting.set(self.waiting.get() + 1);
        // Without a holder, the boundary is about to end.
        let _ = self.holder.send(message);
    }
}

/// Whether this is a rule that somebody wrote, and not what holds without one.
fn decides(rule: &RuleId) -> bool {
    rule.0 != "builtin:default" && !rule.0.ends_with("#default")
}

/// A question; it is taken back when this value is dropped.
#[derive(Debug)]
struct Asked<'a> {
    desk: &'a Desk,
    number: u64,
    answer: oneshot::Receiver<Answer>,
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        self.desk.asks.borrow_mut().remove(&self.number);
        self.desk.tell(FromBoundary::AskOver { ask: self.number });
    }
}
