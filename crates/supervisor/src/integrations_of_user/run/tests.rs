use lazaret_artifacts::Credential;
use lazaret_egress::Inject;
use lazaret_secrets::{Keeper, Kept, Kind, Place, SecretName};

use super::{missing, owner, usual_variables};
use crate::integrations::{CredentialNotice, Service, ServiceCredential, ServiceOrigin};

fn place(host: &str) -> Place {
    Place {
        host: host.to_owned(),
        ports: Vec::new(),
    }
}

fn service(id: &str, credentials: &[(&str, &str)]) -> Service {
    let credential = |(name, env): &(&str, &str)| ServiceCredential {
        name: (*name).to_owned(),
        inject: Inject::Header("authorization".to_owned()),
        format: None,
        env: vec![(*env).to_owned()],
        placeholder: None,
    };
    Service {
        id: id.to_owned(),
        description: None,
        origin: ServiceOrigin::BuiltIn,
        places: vec![place(&format!("api.{id}.test"))],
        credentials: credentials.iter().map(credential).collect(),
    }
}

/// The form of the credentials of `service`.
const FORM: &str = "header authorization: {}";

fn kept(name: &str, kind: Kind, host: &str) -> Kept {
    Kept {
        name: name.parse().unwrap(),
        kind,
        since: 0,
        places: vec![place(host)],
        sent_as: FORM.to_owned(),
        keeper: Keeper::File,
        serial: String::new(),
    }
}

fn wanted(name: &str) -> Credential {
    Credential {
        name: name.to_owned(),
        env: "KEY".to_owned(),
    }
}

#[test]
fn an_agent_means_a_credential_or_the_service_with_one() {
    let services = [
        service("one", &[("key", "A")]),
        service("two", &[("key", "B"), ("other", "C")]),
    ];
    let found = |name: &str| owner(&services, &wanted(name)).map(|name| name.to_string());
    assert_eq!(found("other").unwrap(), "two/other");
    assert_eq!(found("one").unwrap(), "one/key");
    let ambiguous = found("key").unwrap_err();
    assert!(matches!(ambiguous, CredentialNotice::Ambiguous { .. }));
    for name in ["two", "nothing", ""] {
        let none = found(name).unwrap_err();
        assert!(
            matches!(none, CredentialNotice::NoIntegration { .. }),
            "{name}"
        );
    }
}

#[test]
fn variables_are_those_of_stored_credentials_or_of_the_first() {
    let two = service("two", &[("key", "B"), ("other", "C")]);
    let names = |stored: &[Kept]| -> Vec<String> {
        let variables = usual_variables(&two, stored).into_iter();
        variables.map(|(variable, _)| variable).collect()
    };
    assert_eq!(names(&[]), ["B"]);
    let other = kept("two/other", Kind::Secret, "api.two.test");
    assert_eq!(names(std::slice::from_ref(&other)), ["C"]);
    let key = kept("two/key", Kind::Secret, "api.two.test");
    assert_eq!(names(&[key, other]), ["B", "C"]);
}

#[test]
fn a_secret_for_other_hosts_is_told_and_a_denied_one_is_not() {
    let one = service("one", &[("key", "A")]);
    let name = || SecretName::new("one", "key").unwrap();
    let told = |stored: &[Kept]| missing(&one, name(), stored, &[("A".to_owned(), name())]);
    assert!(matches!(
        told(&[]),
        Some(CredentialNotice::NotStored { env, .. }) if env == ["A"]
    ));
    assert_eq!(told(&[kept("one/key", Kind::Secret, "*.one.test")]), None);
    assert_eq!(told(&[kept("one/key", Kind::Denied, "x.test")]), None);
    let elsewhere = told(&[kept("one/key", Kind::Secret, "api.other.test")]);
    assert!(matches!(
        elsewhere,
        Some(CredentialNotice::OtherHosts { .. })
    ));
    let mut other_form = kept("one/key", Kind::Secret, "*.one.test");
    other_form.sent_as = "query key={}".to_owned();
    assert!(matches!(
        told(&[other_form]),
        Some(CredentialNotice::OtherForm { .. })
    ));
}
