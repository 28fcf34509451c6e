use std::path::Path;
use std::sync::Arc;

use lazaret_egress::{CredentialAnswer, Endpoint, Inject, Integration, IntegrationCredential};
use lazaret_secrets::{NewSecret, Place, SecretName, Settings, Store};
use lazaret_values::Secret;

use super::RunCredentials;
use crate::audit::{AuditLog, logs_of};
use crate::integrations::RunRecord;

fn settings(folder: &Path) -> Settings {
    Settings {
        file: folder.join("secrets.json"),
        search_path: "".into(),
        session_bus: None,
        ca_files: Vec::new(),
    }
}

fn integration() -> Integration {
    Integration {
        id: "svc".to_owned(),
        endpoints: vec![Endpoint {
            host: "*.svc.test".to_owned(),
            ports: Vec::new(),
        }],
        credentials: vec![IntegrationCredential {
            name: "token".to_owned(),
            inject: Inject::Header("authorization".to_owned()),
            format: None,
            placeholder: "x".to_owned(),
        }],
    }
}

fn reason(answer: CredentialAnswer) -> String {
    match answer {
        CredentialAnswer::Missing(reason) => reason,
        CredentialAnswer::Secret(_) => panic!("a secret was given"),
    }
}

#[tokio::test]
async fn only_what_belongs_to_the_run_is_answered_and_each_time_anew() {
    let folder = tempfile::tempdir().unwrap();
    let machine = folder.path().join("machines/m");
    std::fs::create_dir_all(&machine).unwrap();
    let audit = Arc::new(AuditLog::open(&machine, "m"));
    assert!(
        RunCredentials::open(&machine, audit.clone())
            .unwrap()
            .is_none()
    );
    let settings = settings(folder.path());
    let record = RunRecord::new(settings.clone(), vec![integration()]);
    record.write(&machine).unwrap();
    let run = RunCredentials::open(&machine, audit).unwrap().unwrap();
    let store = Store::new(&settings);
    let name = SecretName::new("svc", "token").unwrap();
    let places = vec![Place {
        host: "*.test".to_owned(),
        ports: Vec::new(),
    }];
    let ask = |host| run.answer("svc", "token", host);
    assert!(reason(ask("a.svc.test").await).contains("no secret is stored"));
    let new = NewSecret::Secret(Secret::new("hunter2"));
    store
        .put(&name, new, places, "header authorization: {}")
        .await
        .unwrap();
    let given = ask("a.svc.test").await;
    assert_eq!(given, CredentialAnswer::Secret("hunter2".to_owned()));
    // An integration of somebody else, for the same host and another part of the request.
    let mut elsewhere = integration();
    elsewhere.credentials[0].inject = Inject::Header("x-organization".to_owned());
    let folder = machine.join("elsewhere");
    std::fs::create_dir(&folder).unwrap();
    let record = RunRecord::new(settings.clone(), vec![elsewhere]);
    record.write(&folder).unwrap();
    let audit = Arc::new(AuditLog::open(&machine, "o"));
    let theirs = RunCredentials::open(&folder, audit).unwrap().unwrap();
    let refused = reason(theirs.answer("svc", "token", "a.svc.test").await);
    assert!(
        refused.contains("was given for header authorization"),
        "{refused}"
    );
    // The secret may go there, but the integration is not there.
    assert!(reason(ask("b.test").await).contains("no host of integration"));
    assert!(reason(run.answer("svc", "other", "a.svc.test").await).contains("no credential"));
    assert!(reason(run.answer("other", "token", "a.svc.test").await).contains("no credential"));
    run.deny("svc", "token").unwrap();
    assert!(reason(ask("a.svc.test").await).contains("denied"));
    let other = RunCredentials::open(&machine, Arc::new(AuditLog::open(&machine, "n")));
    let other = other.unwrap().unwrap();
    assert_eq!(other.answer("svc", "token", "a.svc.test").await, given);
    store.remove(&name).await.unwrap();
    assert!(reason(other.answer("svc", "token", "a.svc.test").await).contains("no secret"));

    let log = std::fs::read_to_string(logs_of(&machine).path("m")).unwrap();
    assert!(!log.contains("hunter2"));
    assert_eq!(log.lines().count(), 6);
    assert!(log.contains("\"kind\":\"credential\",") || log.contains("\"kind\":\"credential\"}"));
}
