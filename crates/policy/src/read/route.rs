//! The rules of Lens's policies, which are called routes.

use lazaret_values::Printable;
use serde_json::Value;

use super::member::{Members, child};
use super::rule::apply_scheme;
use crate::document::Rule;
use crate::fault::Fault;
use crate::host::HostPattern;
use crate::verdict::Verdict;

/// A route, translated without regard to the others.
#[derive(Debug)]
pub(super) struct Route {
    /// Where it stands.
    pub(super) pointer: String,
    /// How it is told: `allow a.test`.
    pub(super) name: String,
    pub(super) verdict: Verdict,
    /// What it says of all requests to its hosts.
    pub(super) whole: Vec<Rule>,
    /// What it says of some requests; those that it does not name, it denies.
    pub(super) requests: Option<Vec<Rule>>,
}

impl Route {
    /// Our rules in its place.
    pub(super) fn rules(&self) -> &[Rule] {
        self.requests.as_ref().unwrap_or(&self.whole)
    }

    /// Whether it decides about everything.
    pub(super) fn is_catch_all(&self) -> bool {
        let is_all = |rule: &Rule| rule.pattern == "*" && rule.ports.is_empty();
        self.requests.is_none() && self.whole.iter().any(is_all)
    }
}

/// Reads a list of routes: of `http` or, spliced unread, of `tcp`.
pub(super) fn read_all(
    list: &[Value],
    pointer: &str,
    is_tcp: bool,
    faults: &mut Vec<Fault>,
) -> Vec<Route> {
    let mut routes = Vec::new();
    for (index, value) in list.iter().enumerate() {
        let pointer = child(pointer, &index.to_string());
        routes.extend(read(value, pointer, is_tcp, faults));
    }
    routes
}

fn read(value: &Value, pointer: String, is_tcp: bool, faults: &mut Vec<Fault>) -> Option<Route> {
    let Some(object) = value.as_object() else {
        faults.push(Fault::new(pointer, "expected an object"));
        return None;
    };
    let before = faults.len();
    let mut members = Members::new(object, &pointer);
    let written = members.text("match", faults);
    let verdict = members.verdict("verdict", faults);
    members.require("match", faults);
    members.require("verdict", faults);
    let description = members.text("description", faults).map(str::to_owned);
    if members.take("binaries").is_some() {
        let message = "which program connects cannot be seen from outside the machine";
        faults.push(members.fault("binaries", message));
    }
    let (written, verdict) = (written?, verdict?);
    let (hosts, port) = match destination(written) {
        Ok(read) => read,
        Err(reason) => {
            faults.push(members.fault("match", &reason));
            return None;
        }
    };
    let mut rule = Rule {
        pattern: String::new(),
        ports: port.map(Value::from).into_iter().collect(),
        methods: Vec::new(),
        paths: Vec::new(),
        verdict,
        tls_terminate: is_tcp.then_some(false),
        description,
    };
    if is_tcp && port.is_none() {
        faults.push(members.fault("match", "a rule of 'tcp' names a port"));
    }
    let mut requests = None;
    if !is_tcp {
        if let Some(transport) = members.text("transport", faults)
            && transport != "direct"
        {
            faults.push(members.fault("transport", "expected 'direct': there is no proxy behind"));
        }
        if let Some(scheme) = members.text("scheme", faults)
            && let Err(message) = apply_scheme(&mut rule, scheme)
        {
            faults.push(members.fault("scheme", message));
        }
        let terminate = members.flag("tlsTerminate", faults);
        let list = members
            .list("rules", faults)
            .filter(|list| !list.is_empty());
        match list {
            None => rule.tls_terminate = terminate,
            Some(_) if verdict == Verdict::Deny => {
                let message =
                    "does it deny these requests alone, or all of them? Leave 'rules' out";
                faults.push(members.fault("rules", message));
            }
            Some(list) => requests = Some(read_requests(list, &child(&pointer, "rules"), faults)),
        }
    }
    members.refuse_others(faults);
    let spread = |rule: &Rule| {
        let rule = rule.clone();
        let on = hosts.iter().map(move |pattern| Rule {
            pattern: pattern.clone(),
            ..rule.clone()
        });
        on.collect::<Vec<_>>()
    };
    let limited = requests.map(|requests| {
        let of = |(methods, paths)| Rule {
            methods,
            paths,
            ..rule.clone()
        };
        requests
            .into_iter()
            .map(of)
            .flat_map(|rule| spread(&rule))
            .collect()
    });
    (faults.len() == before).then(|| Route {
        name: format!("{verdict} {}", Printable::excerpt(written)),
        verdict,
        whole: spread(&rule),
        requests: limited,
        pointer: pointer.clone(),
    })
}

/// Methods and paths of each request that a route names.
fn read_requests(
    list: &[Value],
    pointer: &str,
    faults: &mut Vec<Fault>,
) -> Vec<(Vec<String>, Vec<String>)> {
    let mut requests = Vec::new();
    for (index, value) in list.iter().enumerate() {
        let pointer = child(pointer, &index.to_string());
        let Some(object) = value.as_object() else {
            faults.push(Fault::new(pointer, "expected an object"));
            continue;
        };
        let mut members = Members::new(object, &pointer);
        let method = members.text("method", faults).unwrap_or("*");
        let path = members.text("path", faults);
        members.refuse_others(faults);
        let paths = path.map(str::to_owned).into_iter().collect();
        requests.push((vec![method.to_ascii_uppercase()], paths));
    }
    requests
}

/// Reads a `match`: the hosts in our form, and a port. `*.x` of theirs has `x`, too.
fn destination(text: &str) -> Result<(Vec<String>, Option<u16>), String> {
    let refuse = |reason: &str| format!("'{}': {reason}", Printable::excerpt(text));
    let (host, port) = match text.rsplit_once(':') {
        _ if text.parse::<std::net::Ipv6Addr>().is_ok() => (text, None),
        Some((host, port)) if host.ends_with(']') || !host.contains(':') => (host, Some(port)),
        _ => (text, None),
    };
    let number = |port: &str| {
        let is_number = port.bytes().all(|c| c.is_ascii_digit());
        port.parse::<u16>()
            .ok()
            .filter(|port| is_number && *port > 0)
    };
    let port = match port.map(number) {
        Some(None) => return Err(refuse("expected a port from 1 to 65535 after ':'")),
        port => port.flatten(),
    };
    let inner = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let host = inner.unwrap_or(host);
    let hosts = match HostPattern::parse(host)? {
        HostPattern::Below(domain) => vec![domain, host.to_owned()],
        _ => vec![host.to_owned()],
    };
    Ok((hosts, port))
}
