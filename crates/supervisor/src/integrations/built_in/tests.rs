use std::collections::BTreeSet;

use lazaret_artifacts::{Config, Family};
use lazaret_egress::Inject;
use lazaret_secrets::SecretName;
use serde_json::json;

use super::all;
use crate::integrations::placeholder::placeholder;

#[test]
fn built_in_services_are_what_artifacts_may_be() {
    let mut ids = BTreeSet::new();
    let mut variables = BTreeSet::new();
    for service in all() {
        assert!(ids.insert(service.id.clone()), "{} twice", service.id);
        let credentials = service.credentials.iter().map(|credential| {
            SecretName::new(&service.id, &credential.name).unwrap();
            for name in &credential.env {
                assert!(variables.insert(name.clone()), "{name} twice");
            }
            let shape = credential.placeholder.as_deref().unwrap();
            let filled = placeholder(Some(shape));
            assert!(!filled.starts_with("lazaret_"), "{shape}");
            let inject = match &credential.inject {
                Inject::Header(name) => json!({ "header": name }),
                Inject::Query(name) => json!({ "query": name }),
                Inject::Basic(user) => json!({ "basic": user }),
            };
            match &credential.format {
                Some(format) => {
                    json!({"name": credential.name, "inject": inject, "format": format})
                }
                None => json!({"name": credential.name, "inject": inject}),
            }
        });
        let envelope = json!({
            "apiVersion": "lens.dev/v1alpha1",
            "kind": "Integration",
            "metadata": {"name": service.id},
            "spec": {
                "endpoints": service.places,
                "credentials": credentials.collect::<Vec<_>>(),
            },
        });
        Config::parse(Family::Integration, envelope).unwrap();
    }
    assert!(ids.len() > 15);
}
