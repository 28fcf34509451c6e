use std::path::Path;
use std::sync::{Arc, Mutex};

use lazaret_values::Secret;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::Giver;
use crate::{Grant, GrantError, NewSecret, Place, Refusal, SecretName, Settings, Store};

const FORM: &str = "header authorization: Bearer {}";

fn settings(folder: &Path) -> Settings {
    Settings {
        file: folder.join("secrets.json"),
        search_path: "".into(),
        session_bus: None,
        ca_files: Vec::new(),
    }
}

fn name() -> SecretName {
    SecretName::new("svc", "token").unwrap()
}

fn places() -> Vec<Place> {
    vec![Place {
        host: "*.svc.test".to_owned(),
        ports: Vec::new(),
    }]
}

/// A token endpoint that answers with each of these bodies once, and notes what it was sent.
async fn endpoint(replies: Vec<(u16, String)>) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/token", listener.local_addr().unwrap());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = seen.clone();
    tokio::spawn(async move {
        for (status, body) in replies {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            let mut buffer = [0; 4096];
            while !String::from_utf8_lossy(&request).contains("client_id=") {
                let length = stream.read(&mut buffer).await.unwrap();
                request.extend_from_slice(&buffer[..length]);
            }
            noted
                .lock()
                .unwrap()
                .push(String::from_utf8(request).unwrap());
            let answer = format!(
                "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nconnection: close\r\n\
                 content-length: {}\r\n\r\n{body}",
                body.len()
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (url, seen)
}

async fn granted(store: &Store, url: &str) {
    let grant = Grant {
        token_url: url.to_owned(),
        client_id: "cli".to_owned(),
        scope: None,
    };
    let new = NewSecret::OAuth(grant, Secret::new("first"));
    store.put(&name(), new, places(), FORM).await.unwrap();
}

#[tokio::test]
async fn a_secret_is_given_for_its_hosts_until_it_is_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    let (store, giver) = (Store::new(&settings), Giver::new(settings));
    let give = || async { giver.give(&name(), "api.svc.test", FORM).await };
    assert!(matches!(give().await, Err(Refusal::Absent)));
    let new = NewSecret::Secret(Secret::new("one"));
    store.put(&name(), new, places(), FORM).await.unwrap();
    assert_eq!(give().await.unwrap().reveal(), "one");
    let elsewhere = giver
        .give(&name(), "svc.test.evil", FORM)
        .await
        .unwrap_err();
    assert!(
        matches!(elsewhere, Refusal::OtherHost { .. }),
        "{elsewhere}"
    );
    let new = NewSecret::Secret(Secret::new("two"));
    store.put(&name(), new, places(), FORM).await.unwrap();
    assert_eq!(give().await.unwrap().reveal(), "two");
    store
        .put(&name(), NewSecret::Denied, Vec::new(), FORM)
        .await
        .unwrap();
    assert!(matches!(give().await, Err(Refusal::Denied)));
    store.remove(&name()).await.unwrap();
    assert!(matches!(give().await, Err(Refusal::Absent)));
}

#[tokio::test]
async fn an_access_token_is_kept_and_a_rotated_refresh_token_stored() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    let store = Store::new(&settings);
    let good = |access: &str, lives: u32, refresh: &str| {
        let body = format!(
            r#"{{"access_token":"{access}","token_type":"Bearer","expires_in":{lives},"refresh_token":"{refresh}"}}"#
        );
        (200, body)
    };
    let (url, seen) = endpoint(vec![good("a1", 3600, "second"), good("a2", 0, "third")]).await;
    granted(&store, &url).await;
    let giver = Arc::new(Giver::new(settings.clone()));
    // Many requests at once are one exchange.
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let giver = giver.clone();
        tasks.spawn(async move { giver.give(&name(), "a.svc.test", FORM).await.unwrap() });
    }
    while let Some(secret) = tasks.join_next().await {
        assert_eq!(secret.unwrap().reveal(), "a1");
    }
    let other = Giver::new(settings.clone());
    assert_eq!(
        other
            .give(&name(), "a.svc.test", FORM)
            .await
            .unwrap()
            .reveal(),
        "a2"
    );
    let seen = seen.lock().unwrap().clone();
    assert_eq!(seen.len(), 2);
    assert!(
        seen[0].contains("refresh_token=first&client_id=cli"),
        "{seen:?}"
    );
    assert!(seen[1].contains("refresh_token=second&"), "{seen:?}");
    let file = std::fs::read_to_string(&settings.file).unwrap();
    assert!(file.contains("third") && !file.contains("second"), "{file}");
    assert!(!file.contains("\"a1\""), "an access token is not stored");
    // What is forgotten is not given, although it is still in memory.
    store.remove(&name()).await.unwrap();
    assert!(giver.give(&name(), "a.svc.test", FORM).await.is_err());
}

#[tokio::test]
async fn refusals_of_an_endpoint_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    let store = Store::new(&settings);
    let replies = vec![
        (400, r#"{"error":"invalid_grant"}"#.to_owned()),
        (302, String::new()),
        (200, "x".repeat(300 * 1024)),
    ];
    let (url, _) = endpoint(replies).await;
    granted(&store, &url).await;
    let giver = Giver::new(settings);
    let mut errors = Vec::new();
    for _ in 0..3 {
        match giver.give(&name(), "a.svc.test", FORM).await.unwrap_err() {
            Refusal::Grant(error) => errors.push(error),
            other => panic!("{other}"),
        }
    }
    assert!(matches!(
        errors[0],
        GrantError::Refused { is_final: true, .. }
    ));
    assert!(matches!(
        errors[1],
        GrantError::Refused {
            is_final: false,
            status: 302,
            ..
        }
    ));
    assert!(matches!(errors[2], GrantError::Answer { .. }));
}
