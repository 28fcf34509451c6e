//! The rules of the design, one after the other and without an index, for comparison.

use std::net::IpAddr;

use crate::{Document, Host, Layer, Request, Rule, Target, Verdict};

/// What a connection asks for; without a request it is no HTTP.
pub(super) fn decide(
    documents: &[Document],
    target: &Target<'_>,
    request: Option<&Request<'_>>,
) -> Verdict {
    let mut matching: Vec<(Layer, &Rule, u32)> = Vec::new();
    for document in documents {
        for rule in &document.rules {
            if let Some(rank) = host_rank(&rule.pattern, target.host)
                && has_port(rule, target.port)
                && has_request(rule, request)
            {
                matching.push((document.layer, rule, rank));
            }
        }
    }
    if matching
        .iter()
        .any(|(_, rule, _)| rule.verdict == Verdict::Deny)
    {
        return Verdict::Deny;
    }
    let answers: Vec<_> = matching
        .iter()
        .filter(|(layer, ..)| *layer == Layer::Answers)
        .cloned()
        .collect();
    let left = if answers.is_empty() {
        matching
    } else {
        answers
    };
    let rank = |(_, rule, host): &(Layer, &Rule, u32)| {
        let limits = [
            !rule.ports.is_empty(),
            !rule.methods.is_empty(),
            !rule.paths.is_empty(),
        ];
        (*host, limits.into_iter().filter(|limit| *limit).count())
    };
    let best = left.iter().map(rank).max();
    let verdicts = left.iter().filter(|entry| Some(rank(entry)) == best);
    let strictest = verdicts.map(|(_, rule, _)| rule.verdict).min();
    strictest.unwrap_or_else(|| {
        let defaults = documents.iter().filter_map(|document| document.default);
        defaults.min().unwrap_or(Verdict::Deny)
    })
}

fn host_rank(pattern: &str, host: Host<'_>) -> Option<u32> {
    if pattern == "*" {
        return Some(0);
    }
    match host {
        Host::Name(name) => {
            if pattern == name {
                return Some(10_000);
            }
            let domain = pattern.strip_prefix("*.")?;
            let mut rest = name;
            while let Some((_, parent)) = rest.split_once('.') {
                if parent == domain {
                    return Some(u32::try_from(domain.split('.').count()).unwrap());
                }
                rest = parent;
            }
            None
        }
        Host::Address(address) => {
            let bits = |address: IpAddr| -> String {
                let address = match address {
                    IpAddr::V4(address) => address.to_ipv6_mapped(),
                    IpAddr::V6(address) => address,
                };
                let octets = address.octets();
                octets.iter().map(|byte| format!("{byte:08b}")).collect()
            };
            let (network, length) = match pattern.split_once('/') {
                Some((network, length)) => (network, Some(length.parse::<usize>().unwrap())),
                None => (pattern, None),
            };
            let network: IpAddr = network.parse().ok()?;
            let length = match network {
                IpAddr::V4(_) => length.unwrap_or(32) + 96,
                IpAddr::V6(_) => length.unwrap_or(128),
            };
            let is_ipv4 = address.to_canonical().is_ipv4();
            let is_in = bits(network)[..length] == bits(address)[..length];
            let is_in = is_in && (!is_ipv4 || length >= 96);
            is_in.then(|| u32::try_from(length).unwrap() + 1)
        }
    }
}

fn has_port(rule: &Rule, port: u16) -> bool {
    rule.ports.is_empty()
        || rule.ports.iter().any(|value| {
            let text = value.as_str().unwrap();
            let (first, last) = text.split_once('-').unwrap_or((text, text));
            (first.parse().unwrap()..=last.parse().unwrap()).contains(&port)
        })
}

fn has_request(rule: &Rule, request: Option<&Request<'_>>) -> bool {
    let Some(request) = request else {
        return rule.methods.is_empty() && rule.paths.is_empty();
    };
    let denies = rule.verdict == Verdict::Deny;
    let method = rule.methods.is_empty()
        || rule.methods.iter().any(|name| {
            name == "*"
                || name == request.method
                || (denies && name.eq_ignore_ascii_case(request.method))
        });
    // The paths of the properties are canonical, or double a slash, or have one step up at the end.
    let path = request.path;
    let odd = path.contains("//") || path.ends_with("/..");
    let mut readings = vec![path.to_owned()];
    if denies {
        readings.push(path.replace("//", "/"));
        if let Some(parent) = path.strip_suffix("/..") {
            let (up, _) = parent.rsplit_once('/').unwrap();
            readings.push(format!("{up}/"));
        }
        for reading in readings.clone() {
            readings.push(match reading.strip_suffix('/') {
                Some(shorter) => shorter.to_owned(),
                None => format!("{reading}/"),
            });
        }
    }
    let fits = |pattern: &String| readings.iter().any(|path| has_path(pattern, path));
    method && (rule.paths.is_empty() || ((denies || !odd) && rule.paths.iter().any(fits)))
}

fn has_path(pattern: &str, path: &str) -> bool {
    if pattern == "*" {
        return true;
    }
    let pattern: Vec<&str> = pattern[1..].split('/').collect();
    let Some(path) = path.strip_prefix('/') else {
        return false;
    };
    segments(&pattern, &path.split('/').collect::<Vec<_>>())
}

fn segments(pattern: &[&str], path: &[&str]) -> bool {
    match pattern {
        [] => path.is_empty(),
        ["**", rest @ ..] => (0..=path.len()).any(|skipped| segments(rest, &path[skipped..])),
        [first, rest @ ..] => {
            !path.is_empty() && letters(first, path[0]) && segments(rest, &path[1..])
        }
    }
}

fn letters(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text
            .strip_prefix(start)
            .is_some_and(|text| (0..=text.len()).any(|skipped| letters(rest, &text[skipped..]))),
    }
}
