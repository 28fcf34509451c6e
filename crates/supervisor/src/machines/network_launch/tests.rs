use std::net::{IpAddr, Ipv4Addr};

use lazaret_egress::Integration;
use lazaret_policy::{Document, Layer, Verdict};

use super::{NetworkLaunch, NetworkMode, PublishedPort};

#[test]
fn of_a_machine_from_elsewhere_only_its_policy_stays() {
    let document = Document {
        origin: "acme/policies/web:v1\nrule".to_owned(),
        layer: Layer::Answers,
        default: Some(Verdict::Deny),
        rules: Vec::new(),
    };
    let anywhere = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    let mut network = NetworkLaunch {
        mode: NetworkMode::Open,
        documents: vec![document.clone()],
        file: Some("/etc/other".into()),
        integrations: vec![Integration {
            id: "openai".to_owned(),
            endpoints: Vec::new(),
            credentials: Vec::new(),
        }],
        intercept: true,
        learn: true,
        ask_seconds: u64::MAX,
        hosts: vec![("a.test".to_owned(), anywhere)],
        ports: vec![PublishedPort {
            address: anywhere,
            host: 80,
            guest: 80,
        }],
    };
    network.of_stranger();
    let left = NetworkLaunch {
        mode: NetworkMode::Policy,
        documents: vec![Document {
            origin: lazaret_values::Printable::excerpt(&document.origin),
            layer: Layer::Artifact,
            ..document
        }],
        file: None,
        integrations: Vec::new(),
        intercept: true,
        learn: false,
        ask_seconds: 600,
        hosts: Vec::new(),
        ports: Vec::new(),
    };
    assert_eq!(network, left);
}
