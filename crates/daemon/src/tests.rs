//! The code and `docs/reference/api.json` agree.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::act::{ACTS, Act};
use crate::document::TEXT;

#[test]
fn every_act_is_described_and_nothing_else() {
    let document: Value = serde_json::from_str(TEXT).unwrap();
    let mut described = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            if method == "parameters" {
                continue;
            }
            let path = path.replace("{machine}", "{}").replace("{volume}", "{}");
            described.insert((method.to_uppercase(), path));
        }
    }
    let acts = ACTS
        .iter()
        .map(|(method, path, _)| (method.to_string(), (*path).to_owned()));
    assert_eq!(acts.collect::<BTreeSet<_>>(), described);
}

#[test]
fn paths_lead_to_acts() {
    let get = http::Method::GET;
    let of = |path: &str| Act::of(&get, path);
    assert_eq!(of("/v1/machines").unwrap(), (Act::Machines, String::new()));
    assert_eq!(
        of("/v1/machines/a%2Fb").unwrap(),
        (Act::Inspect, "a/b".to_owned())
    );
    assert_eq!(
        of("/v1/machines/prune").unwrap(),
        (Act::Inspect, "prune".to_owned())
    );
    assert_eq!(of("/v1/machines/x/logs").unwrap().0, Act::Logs);
    for (path, status) in [
        ("/", 404),
        ("/v1/machines/", 400),
        ("/v1/machines/%ff", 400),
        ("/v1/machines/a/b", 404),
        ("/v2/ping", 404),
        ("/v1/machines/x/start", 405),
    ] {
        assert_eq!(of(path).unwrap_err().status.as_u16(), status, "{path}");
    }
    let refused = Act::of(&http::Method::PATCH, "/v1/machines/prune").unwrap_err();
    assert_eq!(refused.allow.as_deref(), Some("GET, DELETE"));
}
