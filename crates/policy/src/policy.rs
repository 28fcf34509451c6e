//! Documents, compiled, and the questions to them.

use std::borrow::Cow;
use std::net::IpAddr;

use crate::compiled::{Asked, Compiled};
use crate::decision::{Access, Decision, RuleId};
use crate::document::{Document, Layer};
use crate::host::{HostPattern, check_name, literal};
use crate::index::Index;
use crate::matching::{Only, Outcomes, decide};
use crate::path::RequestPath;
use crate::target::{Host, Request, Target};
use crate::verdict::Verdict;

/// The name that the guest has for the host's own loopback.
const LOOPBACK_NAME: &str = "host.lazaret.internal";

/// Documents, compiled.
#[derive(Debug, Clone)]
pub struct Policy {
    origins: Vec<String>,
    rules: Vec<Compiled>,
    index: Index,
    default: Decision,
}

/// The host of a target as rules are compared with it.
enum Reading<'a> {
    Name(Cow<'a, str>),
    Address(IpAddr),
    /// It is neither.
    Neither,
}

impl Policy {
    /// Compiles documents. A rule that is not understood ([`Document::faults`] tells) allows
    /// nothing, and denies everything if it denies.
    #[must_use]
    pub fn compile(documents: Vec<Document>) -> Self {
        let mut rules = Vec::new();
        let mut index = Index::default();
        for (number, document) in documents.iter().enumerate() {
            for (place, rule) in document.rules.iter().enumerate() {
                let place = (number, place + 1);
                let rule = match Compiled::new(place, document.layer, rule) {
                    Ok(rule) => rule,
                    Err(_) if rule.verdict == Verdict::Deny => {
                        Compiled::denies_all(place, document.layer)
                    }
                    Err(_) => continue,
                };
                index.add(&rule.host, rules.len());
                rules.push(rule);
            }
        }
        Self {
            default: default(&documents),
            origins: documents.into_iter().map(|own| own.origin).collect(),
            rules,
            index,
        }
    }

    /// What a connection needs.
    #[must_use]
    pub fn access(&self, target: &Target<'_>) -> Access {
        let Some(rules) = self.about(target) else {
            return Access::Deny(no_host().rule);
        };
        let decided = self.decision(decide(rules.iter().copied(), Asked::Connection));
        match Outcomes::of(&rules, self.default.verdict).only() {
            Some(Only::Denied) => Access::Deny(decided.rule),
            Some(Only::Passed) => Access::Pass(decided.rule),
            Some(Only::AskedOnce) => Access::AskConnection(decided.rule),
            None => Access::Inspect,
        }
    }

    /// Decides on a request.
    #[must_use]
    pub fn request(&self, target: &Target<'_>, request: &Request<'_>) -> Decision {
        let path = RequestPath::new(request.path);
        let asked = Asked::Request(request.method, &path);
        match self.about(target) {
            Some(rules) => self.decision(decide(rules.into_iter(), asked)),
            None => no_host(),
        }
    }

    /// Whether a rule names this address of a host, so that it is used although it is private.
    ///
    /// A rule of a person that allows or asks names an address by the address itself or by a network, other
    /// than that of all addresses; `host.lazaret.internal` names the loopback. Where the address was
    /// found by a name, what its rules say of it must not be stricter than what is said of the
    /// name: else the name would be a way around them. An address that a rule denies is not named.
    #[must_use]
    pub fn names_address(&self, target: &Target<'_>, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let mut own = self.naming(address, target.port);
        if own.iter().any(|rule| rule.verdict == Verdict::Deny) {
            return false;
        }
        own.retain(|rule| rule.layer != Layer::Artifact);
        let named = Outcomes::of(&own, Verdict::Deny);
        match reading(target.host) {
            Reading::Neither => false,
            Reading::Address(literal) => literal == address && named.laxest() > Verdict::Deny,
            Reading::Name(name) => {
                let of_name = self.about(target).unwrap_or_default();
                let is_loopback = name == LOOPBACK_NAME && address.is_loopback();
                if is_loopback && of_name.iter().any(|rule| names_exactly(rule, &name)) {
                    return true;
                }
                // A person's answer for a name was given for whatever the name leads to.
                let policies = of_name
                    .into_iter()
                    .filter(|rule| rule.layer != Layer::Answers);
                let policies: Vec<_> = policies.collect();
                let of_name = Outcomes::of(&policies, self.default.verdict);
                named.strictest() > Verdict::Deny && of_name.laxest() <= named.strictest()
            }
        }
    }

    /// Whether a rule, whoever has written it, permits or asks about the literal address of this target by the
    /// address itself or by a network.
    #[must_use]
    pub fn names_literal(&self, target: &Target<'_>) -> bool {
        let Reading::Address(address) = reading(target.host) else {
            return false;
        };
        let own = self.naming(address, target.port);
        let is_denied = own.iter().any(|rule| rule.verdict == Verdict::Deny);
        !is_denied && Outcomes::of(&own, Verdict::Deny).laxest() > Verdict::Deny
    }

    /// The rule that denies an address that a name leads to: by the address itself or by a network,
    /// whatever is sent there.
    #[must_use]
    pub fn denies_address(&self, target: &Target<'_>, address: IpAddr) -> Option<RuleId> {
        let rules = self.naming(address.to_canonical(), target.port);
        let denies = |rule: &&Compiled| rule.verdict == Verdict::Deny && rule.is_whole();
        rules.into_iter().find(denies).map(|rule| self.id(rule))
    }

    /// Whether a rule that does not deny names this host at some port: by its name or by a domain above
    /// it, and not by `*`.
    #[must_use]
    pub fn names_host(&self, name: &str) -> bool {
        let mut rules = self.index.of_name(name).map(|rule| &self.rules[rule]);
        rules.any(|rule| {
            let is_all = matches!(rule.host, HostPattern::Everything);
            rule.verdict != Verdict::Deny && !is_all
        })
    }

    /// The rules that name the host and the port; `None` if the host is neither name nor address.
    fn about(&self, target: &Target<'_>) -> Option<Vec<&Compiled>> {
        let of = |rule: usize| &self.rules[rule];
        let has_port = |rule: &&Compiled| rule.has_port(target.port);
        match reading(target.host) {
            Reading::Neither => None,
            Reading::Name(name) => {
                Some(self.index.of_name(&name).map(of).filter(has_port).collect())
            }
            Reading::Address(address) => {
                let found = self.index.of_address(address).map(of);
                Some(found.filter(has_port).collect())
            }
        }
    }

    fn naming(&self, address: IpAddr, port: u16) -> Vec<&Compiled> {
        let rules = self.index.naming(address).map(|rule| &self.rules[rule]);
        // The network of all addresses names none of them.
        let is_all =
            |rule: &Compiled| matches!(&rule.host, HostPattern::Network(all) if all.bits == 0);
        rules
            .filter(|rule| rule.has_port(port) && (rule.verdict == Verdict::Deny || !is_all(rule)))
            .collect()
    }

    fn decision(&self, rule: Option<&Compiled>) -> Decision {
        match rule {
            Some(rule) => Decision {
                verdict: rule.verdict,
                rule: self.id(rule),
            },
            None => self.default.clone(),
        }
    }

    fn id(&self, rule: &Compiled) -> RuleId {
        RuleId(format!("{}#{}", self.origins[rule.document], rule.number))
    }
}

fn names_exactly(rule: &Compiled, name: &str) -> bool {
    let is_persons = rule.layer != Layer::Artifact;
    let names = matches!(&rule.host, HostPattern::Name(own) if own == name);
    is_persons && rule.verdict != Verdict::Deny && names
}

fn reading(host: Host<'_>) -> Reading<'_> {
    let name = match host {
        Host::Address(address) => return Reading::Address(address.to_canonical()),
        Host::Name(name) => name,
    };
    if let Some(address) = literal(name) {
        return Reading::Address(address.to_canonical());
    }
    let is_plain = !name.ends_with('.') && !name.bytes().any(|c| c.is_ascii_uppercase());
    let name = match is_plain {
        true => Cow::Borrowed(name),
        false => Cow::Owned(name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()),
    };
    match check_name(&name) {
        Ok(()) => Reading::Name(name),
        Err(_) => Reading::Neither,
    }
}

/// The decision on a host that is neither a name nor an address.
fn no_host() -> Decision {
    Decision {
        verdict: Verdict::Deny,
        rule: RuleId("builtin:no-host".to_owned()),
    }
}

/// The decision where no rule matches: the strictest default. What a person has answered opens
/// nothing by default.
fn default(documents: &[Document]) -> Decision {
    let of = |answers: bool| {
        let defaults = documents.iter();
        let defaults = defaults.filter(move |own| (own.layer == Layer::Answers) == answers);
        defaults.filter_map(|own| Some((own.default?, format!("{}#default", own.origin))))
    };
    let builtin = (Verdict::Deny, "builtin:default".to_owned());
    let policies = of(false).min_by_key(|(verdict, _)| *verdict);
    let policies = policies.unwrap_or(builtin);
    let strictest = [policies].into_iter().chain(of(true));
    let strictest = strictest.min_by_key(|(verdict, _)| *verdict);
    let (verdict, rule) = strictest.expect("the first one is always there");
    Decision {
        verdict,
        rule: RuleId(rule),
    }
}
