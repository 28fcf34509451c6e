//! A connection: where it goes, and whether the guest means the same.

use std::rc::Rc;

use lazaret_policy::{RuleId, Verdict};
use lazaret_values::Printable;
use rustls::pki_types::ServerName;

use crate::context::Context;
use crate::desk::Destination;
use crate::dial::Dial;
use crate::http::{Exchange, Peer, Standing, Upstream};
use crate::message::DecisionRecord;
use crate::refuse::{Fault, Kind};
use crate::sniff::Hello;

/// A connection of the guest.
#[derive(Debug)]
pub(super) struct Connection<D> {
    /// Where it goes.
    pub(super) destination: Destination,
    /// What every connection needs.
    pub(super) context: Rc<Context<D>>,
}

impl<D: Dial> Connection<D> {
    /// Whether requests may get credentials here.
    pub(super) fn has_credentials(&self) -> bool {
        let integration = self.context.desk.integration(&self.destination);
        integration.is_some_and(|integration| !integration.credentials.is_empty())
    }

    /// Whether it goes to an address that a rule names, so that no name has to be given.
    pub(super) fn is_named_address(&self) -> bool {
        let desk = &self.context.desk;
        self.destination.name.is_none() && desk.names_literal(&self.destination)
    }

    /// The name of the server that a client means by its first message, if it is that of the
    /// connection.
    ///
    /// # Errors
    /// It means another one, or does not say which.
    pub(super) fn server_name(&self, hello: &Hello) -> Result<String, Fault> {
        let destination = &self.destination;
        let refuse = |rule, reason| Err(Fault::builtin(Kind::Refused, rule, reason));
        match (&destination.name, &hello.server_name) {
            (Some(name), Some(said)) if name == said => Ok(said.clone()),
            (Some(name), Some(said)) => {
                let said = Printable::excerpt(said);
                let reason = format!("TLS is for {said}, but the connection is with {name}");
                refuse("sni-mismatch", reason)
            }
            (Some(name), None) => {
                let reason = format!("TLS does not say that it is for {name} (no SNI)");
                refuse("no-sni", reason)
            }
            (None, said) if self.is_named_address() => Ok(said
                .clone()
                .unwrap_or_else(|| destination.address.to_string())),
            (None, _) => {
                let reason = format!(
                    "TLS with {}, an address that no rule names; use the name of the host",
                    destination.address
                );
                refuse("literal-address", reason)
            }
        }
    }

    /// Who a connection without TLS is with.
    pub(super) fn plain(&self) -> Peer {
        self.peer(None)
    }

    /// Who a connection with TLS is with.
    pub(super) fn secure(&self, name: ServerName<'static>) -> Peer {
        self.peer(Some(name))
    }

    fn peer(&self, secure: Option<ServerName<'static>>) -> Peer {
        Peer {
            destination: self.destination.clone(),
            secure,
            any_host: self.is_named_address(),
        }
    }

    /// What the requests of the connection need. Credentials go over TLS only.
    pub(super) fn exchange(
        &self,
        standing: Standing,
        upstream: Rc<Upstream<D>>,
        peer: Peer,
    ) -> Rc<Exchange<D>> {
        let desk = &self.context.desk;
        let integration = desk.integration(&self.destination).cloned();
        Rc::new(Exchange {
            context: Rc::clone(&self.context),
            integration: integration.filter(|_| peer.secure.is_some()),
            peer,
            standing,
            upstream,
        })
    }

    /// No connection to the server yet.
    pub(super) fn upstream(&self, peer: &Peer, prior: bool) -> Rc<Upstream<D>> {
        let context = Rc::clone(&self.context);
        Rc::new(Upstream::new(context, peer.clone(), prior))
    }

    /// Tells that the connection as a whole has passed.
    pub(super) fn passed(&self, protocol: &str, rule: RuleId) {
        self.record(protocol, Verdict::Allow, rule, None);
    }

    /// Tells that the connection as a whole was refused.
    pub(super) fn refused(&self, protocol: &str, fault: &Fault) {
        let refusal = fault.refusal.clone();
        self.record(protocol, Verdict::Deny, refusal.rule, Some(refusal.reason));
    }

    fn record(&self, protocol: &str, verdict: Verdict, rule: RuleId, reason: Option<String>) {
        self.context.desk.record(DecisionRecord {
            verdict,
            rule,
            protocol: protocol.to_owned(),
            host: self.destination.host(),
            port: self.destination.port,
            method: None,
            path: None,
            credentials: Vec::new(),
            reason,
        });
    }
}
