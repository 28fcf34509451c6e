//! Tests of decisions.

mod examples;
mod naive;
mod properties;
mod speed;

use std::net::IpAddr;

use crate::{Document, Host, Layer, Policy, Request, Rule, Target, Verdict};

/// `MATCH VERDICT [ports=P,P] [methods=M,M] [paths=P,P] [tls=BOOL]`
fn rule(text: &str) -> Rule {
    let mut words = text.split(' ');
    let mut rule = Rule {
        pattern: words.next().unwrap().to_owned(),
        ports: Vec::new(),
        methods: Vec::new(),
        paths: Vec::new(),
        verdict: Verdict::of(words.next().unwrap()).unwrap(),
        tls_terminate: None,
        description: None,
    };
    for word in words {
        let (name, list) = word.split_once('=').unwrap();
        let list = || list.split(',').map(str::to_owned);
        match name {
            "ports" => rule.ports = list().map(Into::into).collect(),
            "methods" => rule.methods = list().collect(),
            "paths" => rule.paths = list().collect(),
            "tls" => rule.tls_terminate = list().next().map(|text| text == "true"),
            other => panic!("{other}"),
        }
    }
    rule
}

fn document(origin: &str, default: Option<Verdict>, rules: &[&str]) -> Document {
    Document {
        origin: origin.to_owned(),
        layer: Layer::Policy,
        default,
        rules: rules.iter().map(|text| rule(text)).collect(),
    }
}

fn answers(rules: &[&str]) -> Document {
    Document {
        layer: Layer::Answers,
        ..document("answers", None, rules)
    }
}

fn policy(rules: &[&str]) -> Policy {
    Policy::compile(vec![document("p", None, rules)])
}

/// `HOST[:PORT]`, port 443 without one; an IPv6 address in brackets.
fn target(text: &str) -> Target<'_> {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().unwrap()),
        _ => (text, 443),
    };
    let address: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
    Target {
        host: address.map_or(Host::Name(host), Host::Address),
        port,
    }
}

/// `METHOD PATH`
fn request(text: &str) -> Request<'_> {
    let (method, path) = text.split_once(' ').unwrap();
    Request { method, path }
}

fn decided(policy: &Policy, target_text: &str, request_text: &str) -> String {
    let decision = policy.request(&target(target_text), &request(request_text));
    format!("{} {}", decision.verdict, decision.rule)
}
