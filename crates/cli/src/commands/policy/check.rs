use std::net::IpAddr;

use lazaret_policy::{Access, Document, Host, Policy, Request, RuleId, Target, Verdict};
use serde::Serialize;

use super::list::ports;
use super::place::{Place, documents};
use crate::context::Context;
use crate::exit;
use crate::failure::Failure;

/// Say what a policy decides about a connection or a request, and by which rule
///
/// The exit status is 0 where it is allowed, 10 where it is denied, and 11 where a person would be
/// asked.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Host, `host:port` or URL; the port is 443, or 80 of an http URL, unless it is given
    target: String,
    /// HTTP method [default: GET, with a path]
    #[arg(long)]
    method: Option<String>,
    /// Path of the request [default: that of the URL, or /, with a method]
    #[arg(long)]
    path: Option<String>,
    #[command(flatten)]
    place: Place,
}

/// What is decided.
#[derive(Debug, Serialize)]
struct Report {
    host: String,
    port: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    verdict: Verdict,
    rule: RuleId,
    why: String,
    /// Whether each request over the connection is looked at.
    inspected: bool,
}

/// A target in its parts.
struct Parts {
    host: String,
    port: u16,
    path: Option<String>,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> Result<u8, Failure> {
        let file = self.place.existing()?;
        let documents = documents(&file, context.printer)?;
        let parts = parts(&self.target)?;
        let address: Option<IpAddr> = parts.host.parse().ok();
        let target = Target {
            host: address.map_or(Host::Name(&parts.host), Host::Address),
            port: parts.port,
        };
        let policy = Policy::compile(documents.clone());
        let access = policy.access(&target);
        let inspected = access == Access::Inspect;
        let path = self.path.or(parts.path);
        let is_request = path.is_some() || self.method.is_some() || inspected;
        let method = is_request.then(|| self.method.unwrap_or_else(|| "GET".to_owned()));
        let path = is_request.then(|| path.unwrap_or_else(|| "/".to_owned()));
        let (verdict, rule) = match (access, &method, &path) {
            (_, Some(method), Some(path)) => {
                let decision = policy.request(&target, &Request { method, path });
                (decision.verdict, decision.rule)
            }
            (Access::Pass(rule), ..) => (Verdict::Allow, rule),
            (Access::AskConnection(rule), ..) => (Verdict::Ask, rule),
            (Access::Deny(rule), ..) => (Verdict::Deny, rule),
            (Access::Inspect, ..) => (Verdict::Deny, RuleId("builtin:not-http".to_owned())),
        };
        let report = Report {
            why: why(&documents, &rule),
            host: parts.host,
            port: parts.port,
            method,
            path,
            verdict,
            rule,
            inspected,
        };
        context.printer.result(&report, Report::to_text)?;
        Ok(match report.verdict {
            Verdict::Allow => exit::SUCCESS,
            Verdict::Deny => exit::DENIED,
            Verdict::Ask => exit::ASKED,
        })
    }
}

impl Report {
    fn to_text(&self) -> String {
        let host = match self.host.contains(':') {
            true => format!("[{}]", self.host),
            false => self.host.clone(),
        };
        let mut what = format!("{host}:{}", self.port);
        if let (Some(method), Some(path)) = (&self.method, &self.path) {
            what = format!("{method} {what}{path}");
        }
        format!("{} {what}\n{}: {}\n", self.verdict, self.rule, self.why)
    }
}

/// What a rule says, in words.
fn why(documents: &[Document], id: &RuleId) -> String {
    let (origin, number) = id.0.rsplit_once('#').unwrap_or((&id.0, ""));
    let document = documents.iter().find(|document| document.origin == origin);
    let rule = number
        .parse::<usize>()
        .ok()
        .and_then(|number| document?.rules.get(number.checked_sub(1)?));
    let Some(rule) = rule else {
        return match document {
            Some(_) => "no rule is about it".to_owned(),
            None => "it is no host that can be reached".to_owned(),
        };
    };
    let mut text = format!("{} {}", rule.verdict, rule.pattern);
    for (name, list) in [
        ("ports", ports(rule)),
        ("methods", rule.methods.join(",")),
        ("paths", rule.paths.join(",")),
    ] {
        if !list.is_empty() {
            text += &format!(", {name} {list}");
        }
    }
    if let Some(description) = &rule.description {
        text += &format!(" ({description})");
    }
    text
}

fn parts(target: &str) -> Result<Parts, Failure> {
    let refuse = |reason: &str| {
        Failure::usage_with(
            format!("'{target}': {reason}"),
            "a host, host:port, or a URL such as https://host/path",
        )
    };
    let (rest, port, path) = match target.split_once("://") {
        None => (target, 443, None),
        Some((scheme, rest)) => {
            let port = match scheme {
                "https" => 443,
                "http" => 80,
                _ => return Err(refuse("neither http nor https")),
            };
            let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
            let path = rest[end..].split(['?', '#']).next().unwrap_or_default();
            let path = match path {
                "" => "/",
                path => path,
            };
            (&rest[..end], port, Some(path.to_owned()))
        }
    };
    if rest.contains(['/', '@']) {
        return Err(refuse("no host"));
    }
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, text)) if host.ends_with(']') || !host.contains(':') => {
            let port = text.parse().ok().filter(|port| *port > 0);
            (
                host,
                port.ok_or_else(|| refuse("expected a port after ':'"))?,
            )
        }
        _ => (rest, port),
    };
    let inner = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    Ok(Parts {
        host: inner.unwrap_or(host).to_owned(),
        port,
        path,
    })
}
