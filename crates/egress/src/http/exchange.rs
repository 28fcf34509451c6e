//! One request and its response.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use http::request::Parts;
use http::{HeaderMap, Request, Response, StatusCode, Version};
use hyper::body::Incoming;
use lazaret_policy::{RuleId, Verdict};
use tokio::time::timeout;

use crate::authority::Offer;
use crate::context::Context;
use crate::desk::{Refusal, Secret};
use crate::dial::Dial;
use crate::inject;
use crate::message::{DecisionRecord, Integration};
use crate::refuse::{self, Fault, Kind};

use super::asked::Asked;
use super::body::Answer;
use super::outgoing::Outgoing;
use super::peer::{Peer, Target};
use super::stream::Watch;
use super::upstream::{Left, Line, Unsent, Upstream};
use super::{drain, fields, write};

/// The longest wait for a credential, which may have to be refreshed.
const CREDENTIAL: Duration = Duration::from_secs(30);

/// The most connections over which a request is tried to be sent: some were kept, and have ended.
const MOST_TRIES: u32 = 10;

/// What is decided already about the requests of a connection.
#[derive(Debug, Clone)]
pub(crate) enum Standing {
    /// Nothing: each is decided.
    Open,
    /// A person has allowed the connection.
    Allowed(RuleId),
    /// All are refused.
    Refused(Fault),
}

/// What the requests of one connection need.
#[derive(Debug)]
pub(crate) struct Exchange<D: Dial> {
    /// What every connection needs.
    pub(crate) context: Rc<Context<D>>,
    /// Who the connection is with.
    pub(crate) peer: Peer,
    /// What is decided.
    pub(crate) standing: Standing,
    /// The service with credentials, if it is one.
    pub(crate) integration: Option<Integration>,
    /// Connections to the server.
    pub(crate) upstream: Rc<Upstream<D>>,
}

/// A server's connection that has left HTTP.
pub(super) struct Switched {
    /// The connection.
    pub(super) left: Left,
    /// Its last request.
    pub(super) asked: Asked,
}

/// A request whose client has gone.
#[derive(Debug, thiserror::Error)]
#[error("the client has gone")]
pub(super) struct Gone;

impl<D: Dial> Exchange<D> {
    /// Answers a request.
    ///
    /// # Errors
    /// The client has gone while the request was held.
    pub(super) async fn answer(
        self: &Rc<Self>,
        request: Request<Incoming>,
        watch: Option<&Watch>,
        switched: &RefCell<Option<Switched>>,
    ) -> Result<Response<Answer<D>>, Gone> {
        let (parts, body) = request.into_parts();
        let asked = Asked::of(&parts);
        let mut body = Some(body);
        match self.pass(parts, &mut body, &asked, watch, switched).await? {
            Ok(response) => Ok(response),
            Err(fault) => {
                if let Some(body) = body.filter(|_| !asked.expects) {
                    drain::drain(body);
                }
                let host = self.peer.destination.host();
                Ok(refuse::response(&fault, &host, &asked.kind).map(Answer::whole))
            }
        }
    }

    /// Ends when the policy denies a request that has passed before; it is recorded.
    pub(super) async fn denied(&self, asked: &Asked) {
        let request = Some(asked.request());
        let desk = &self.context.desk;
        let refusal = desk.denied(&self.peer.destination, request.as_ref()).await;
        self.refused(asked, &refusal);
    }

    /// Decides on a request and lets it pass; what refuses it is recorded.
    async fn pass(
        self: &Rc<Self>,
        parts: Parts,
        body: &mut Option<Incoming>,
        asked: &Asked,
        watch: Option<&Watch>,
        switched: &RefCell<Option<Switched>>,
    ) -> Result<Result<Response<Answer<D>>, Fault>, Gone> {
        let deciding = self.decide(&parts, asked);
        let decided = match watch {
            Some(watch) => tokio::select! {
                biased;
                decided = deciding => decided,
                () = watch.gone() => return Err(Gone),
            },
            None => deciding.await,
        };
        let (target, rule) = match decided {
            Ok(decided) => decided,
            Err(fault) => {
                self.refused(asked, &fault.refusal);
                return Ok(Err(fault));
            }
        };
        Ok(self
            .forward(parts, target, rule, body, asked, switched)
            .await)
    }

    /// Whether a request may pass.
    async fn decide(&self, parts: &Parts, asked: &Asked) -> Result<(Target, RuleId), Fault> {
        if let Standing::Refused(fault) = &self.standing {
            return Err(fault.clone());
        }
        let target = self.peer.target(parts)?;
        // Nobody is asked about a request that would be refused for its credentials.
        self.planned(&target, &parts.headers)?;
        let rule = match &self.standing {
            Standing::Allowed(rule) => rule.clone(),
            _ => {
                let others = asked.overrides(&parts.headers)?;
                let rule = self.permitted(asked).await?;
                for other in others {
                    self.permitted(&other).await?;
                }
                rule
            }
        };
        Ok((target, rule))
    }

    /// The rule that permits a request.
    async fn permitted(&self, asked: &Asked) -> Result<RuleId, Fault> {
        let destination = &self.peer.destination;
        let request = Some(asked.request());
        let permitted = self.context.desk.permit(destination, request.as_ref());
        let permitted = permitted.await;
        permitted.map_err(|refusal| Fault::denied(refusal, destination))
    }

    /// The credentials that a request gets.
    fn planned(
        &self,
        target: &Target,
        headers: &HeaderMap,
    ) -> Result<Vec<&crate::message::IntegrationCredential>, Fault> {
        let Some(integration) = &self.integration else {
            return Ok(Vec::new());
        };
        let planned = inject::plan(integration, &target.path, headers);
        planned.map_err(|misplaced| {
            Fault::builtin(Kind::Refused, "credential", misplaced.reason).hint(format!(
                "send the placeholder of {} there, or nothing",
                integration.id
            ))
        })
    }

    /// Sends a permitted request on.
    async fn forward(
        self: &Rc<Self>,
        mut parts: Parts,
        mut target: Target,
        rule: RuleId,
        body: &mut Option<Incoming>,
        asked: &Asked,
        switched: &RefCell<Option<Switched>>,
    ) -> Result<Response<Answer<D>>, Fault> {
        let upgrade = fields::upgrade(&parts.headers).filter(|_| parts.version == Version::HTTP_11);
        fields::clean_request(&mut parts.headers);
        let offer = match parts.version {
            Version::HTTP_2 => Offer::Both,
            _ => Offer::One,
        };
        let line = self.upstream.line(offer).await;
        let line = line.inspect_err(|fault| self.refused(asked, &fault.refusal))?;
        let secrets = self.fill(&mut target, &mut parts.headers).await;
        let secrets = secrets.inspect_err(|fault| self.refused(asked, &fault.refusal))?;
        let note = self
            .integration
            .as_ref()
            .and_then(|integration| inject::leftovers(integration, &target.path, &parts.headers));
        let names = secrets.iter().map(|filled| filled.name.clone()).collect();
        self.record(asked, Verdict::Allow, rule.clone(), names, note);
        if let Some(protocol) = &upgrade {
            fields::switch(&mut parts.headers, protocol.clone());
        }
        let Some(body) = body.take() else {
            let reason = "there is no body";
            return Err(Fault::builtin(Kind::Malformed, "malformed", reason));
        };
        let body = self.outgoing(body, asked, rule);
        let (response, line) = self.send(line, &parts, &target, offer, body).await?;
        let (mut head, incoming) = response.into_parts();
        let secrets: Vec<_> = secrets.into_iter().map(|filled| filled.secret).collect();
        let protocol = head.headers.get(http::header::UPGRADE).cloned();
        fields::clean_response(&mut head.headers);
        inject::conceal(&secrets, &mut head.headers);
        head.version = Version::HTTP_11;
        if head.status == StatusCode::SWITCHING_PROTOCOLS {
            let left = match line {
                Line::One(one, _) if upgrade.is_some() => one.leave().await,
                _ => None,
            };
            let (Some(left), Some(protocol)) = (left, protocol) else {
                let reason = "the server speaks something else without being asked to";
                return Err(Fault::builtin(Kind::Unreachable, "upstream", reason));
            };
            *switched.borrow_mut() = Some(Switched {
                left,
                asked: asked.clone(),
            });
            fields::switch(&mut head.headers, protocol);
            return Ok(Response::from_parts(head, Answer::Whole(None)));
        }
        let after = match line {
            Line::One(one, _) => Some((one, Rc::clone(&self.upstream))),
            Line::Two(_) => None,
        };
        Ok(Response::from_parts(
            head,
            Answer::streamed(incoming, after),
        ))
    }

    /// The body of a request; where there are credentials, placeholders in it are told.
    fn outgoing(self: &Rc<Self>, body: Incoming, asked: &Asked, rule: RuleId) -> Outgoing {
        let scan = self.integration.as_ref().map(|integration| {
            let (exchange, asked) = (Rc::clone(self), asked.clone());
            let tell = move |note| {
                exchange.record(&asked, Verdict::Allow, rule.clone(), Vec::new(), Some(note));
            };
            (inject::Scan::new(integration), Box::new(tell) as _)
        });
        Outgoing::new(body, scan)
    }

    /// Sends a request over a connection, and over another one where a kept connection had just ended.
    async fn send(
        &self,
        mut line: Line,
        parts: &Parts,
        target: &Target,
        offer: Offer,
        mut body: Outgoing,
    ) -> Result<(Response<Incoming>, Line), Fault> {
        for _ in 0..MOST_TRIES {
            let request = write::request(&line, &self.peer, parts, target, body)?;
            match line.send(request).await? {
                Ok(response) => return Ok((response, line)),
                Err(Unsent(request)) => {
                    body = request.into_body();
                    line = self.upstream.line(offer).await?;
                }
            }
        }
        let reason = "the server ends every connection";
        Err(Fault::builtin(Kind::Unreachable, "upstream", reason))
    }

    /// Puts the credentials in.
    async fn fill(
        &self,
        target: &mut Target,
        headers: &mut HeaderMap,
    ) -> Result<Vec<Filled>, Fault> {
        let mut filled = Vec::new();
        let Some(integration) = &self.integration else {
            return Ok(filled);
        };
        let desk = &self.context.desk;
        let host = self.peer.destination.host();
        for credential in self.planned(target, headers)? {
            let name = format!("{}/{}", integration.id, credential.name);
            let missing = |reason: String| {
                let reason = format!("no credential {name}: {reason}");
                Fault::builtin(Kind::Refused, "credential", reason)
                    .hint(format!("lazaret connect {}", integration.id))
            };
            let secret = desk.credential(&integration.id, &credential.name, &host);
            let secret = timeout(CREDENTIAL, secret).await;
            let secret = secret.unwrap_or_else(|_| Err("nobody has given it in time".to_owned()));
            let secret = secret.map_err(missing)?;
            inject::apply(credential, &secret, &mut target.path, headers).map_err(missing)?;
            filled.push(Filled {
                name: name.clone(),
                secret: (secret, credential.placeholder.clone()),
            });
        }
        Ok(filled)
    }

    fn refused(&self, asked: &Asked, refusal: &Refusal) {
        let Refusal { rule, reason } = refusal.clone();
        self.record(asked, Verdict::Deny, rule, Vec::new(), Some(reason));
    }

    fn record(
        &self,
        asked: &Asked,
        verdict: Verdict,
        rule: RuleId,
        credentials: Vec<String>,
        reason: Option<String>,
    ) {
        let record = asked.record(&self.peer.destination, verdict, rule);
        self.context.desk.record(DecisionRecord {
            credentials,
            reason,
            ..record
        });
    }
}

/// A credential that a request got.
struct Filled {
    /// `integration/name`.
    name: String,
    /// The secret and its placeholder.
    secret: (Secret, String),
}
