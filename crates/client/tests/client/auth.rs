use std::sync::atomic::{AtomicUsize, Ordering};

use lazaret_client::{Class, Credential, Error, Ping};
use lazaret_values::Secret;

use crate::support::{
    Answer, AsRegistry, MANIFEST, PASSWORD, Peer, Seen, basic, client, client_with, full,
    manifest_json,
};

/// base64 of `ada:hunter2-correct-horse`.
const BASIC: &str = "Basic YWRhOmh1bnRlcjItY29ycmVjdC1ob3JzZQ==";

fn manifest() -> Answer {
    Answer::new(200)
        .with("Content-Type", MANIFEST)
        .body(manifest_json().as_bytes())
}

/// A registry that requires a token of its own realm; `token` answers token requests.
fn bearer(
    token: impl Fn(&Seen, usize) -> Answer + Send + Sync + 'static,
    accepted: impl Fn(&str) -> bool + Send + Sync + 'static,
) -> Peer {
    let issued = AtomicUsize::new(0);
    Peer::start_with(str::to_owned, move |seen, own| {
        if seen.path() == "/token" {
            return token(seen, issued.fetch_add(1, Ordering::SeqCst));
        }
        match seen.header("authorization") {
            Some(header) if accepted(header) => manifest(),
            _ => Answer::json(401, r#"{"errors":[{"code":"UNAUTHORIZED","message":"who are you"}]}"#).with(
                "WWW-Authenticate",
                format!(r#"Bearer realm="http://{own}/token",service="reg \"x\"",scope="repository:team/app:pull""#),
            ),
        }
    })
}

#[tokio::test]
async fn basic_credentials_are_sent_when_asked_for_and_then_unasked() {
    let peer = Peer::start(|seen| match seen.header("authorization") {
        Some(BASIC) => manifest(),
        _ => Answer::new(401).with("WWW-Authenticate", r#"Basic realm="x", charset="UTF-8""#),
    });
    let client = client_with(basic());
    let reference = peer.reference("team/app:v1");
    client.manifest(&reference).await.unwrap();
    client.manifest(&reference).await.unwrap();
    assert_eq!(peer.log().len(), 3, "one challenge for both");
    assert!(peer.seen()[0].header("authorization").is_none());
}

#[tokio::test]
async fn login_proves_the_credentials() {
    let peer = Peer::start(|seen| match seen.header("authorization") {
        Some(BASIC) => Answer::new(200),
        _ => Answer::json(
            401,
            r#"{"errors":[{"code":"UNAUTHORIZED","message":"bad password"}]}"#,
        )
        .with("WWW-Authenticate", "Basic realm=x"),
    });
    let client = client();
    assert_eq!(
        client.verify(&peer.registry(), basic()).await.unwrap(),
        Ping::Authenticated
    );
    let wrong = Credential::Basic {
        username: "ada".into(),
        password: Secret::new("wrong-password"),
    };
    let error = client.verify(&peer.registry(), wrong).await.unwrap_err();
    assert_eq!(error.class(), Class::Unauthorized);
    assert!(error.to_string().contains("bad password"), "{error}");
    let sent = |error: &Error| match error {
        Error::Unauthorized {
            credentials_sent, ..
        } => *credentials_sent,
        _ => panic!("{error:?}"),
    };
    assert!(sent(&error));
    let error = client.ping(&peer.registry()).await.unwrap_err();
    assert!(!sent(&error));
    let open = Peer::start(|_| Answer::new(200));
    assert_eq!(
        client.verify(&open.registry(), basic()).await.unwrap(),
        Ping::Open
    );
}

#[tokio::test]
async fn a_token_is_fetched_with_the_credentials_and_kept() {
    let peer = bearer(
        |seen, _| {
            assert_eq!(seen.header("authorization"), Some(BASIC));
            assert_eq!(
                seen.target,
                "/token?service=reg%20%22x%22&scope=repository%3Ateam%2Fapp%3Apull&account=ada"
            );
            Answer::json(200, r#"{"token":"t0k3n","expires_in":300}"#)
        },
        |header| header == "Bearer t0k3n",
    );
    let client = client_with(basic());
    let reference = peer.reference("team/app:v1");
    client.manifest(&reference).await.unwrap();
    client.manifest(&reference).await.unwrap();
    assert_eq!(peer.count("GET", "/token"), 1);
    assert_eq!(peer.log().len(), 4);
}

#[tokio::test]
async fn without_credentials_the_token_is_anonymous() {
    let peer = bearer(
        |seen, _| {
            assert!(seen.header("authorization").is_none());
            Answer::json(200, r#"{"access_token":"anon"}"#)
        },
        |header| header == "Bearer anon",
    );
    client()
        .manifest(&peer.reference("team/app:v1"))
        .await
        .unwrap();
    assert_eq!(
        client().ping(&peer.registry()).await.unwrap(),
        Ping::Anonymous
    );
}

#[tokio::test]
async fn parallel_requests_share_a_token() {
    let peer = bearer(
        |_, _| Answer::json(200, r#"{"token":"t0k3n"}"#),
        |header| header == "Bearer t0k3n",
    );
    let client = client_with(basic());
    let reference = peer.reference("team/app:v1");
    let all = (0..16).map(|_| client.manifest(&reference));
    futures_util::future::try_join_all(all).await.unwrap();
    assert_eq!(peer.count("GET", "/token"), 1);
}

#[tokio::test]
async fn an_expired_token_is_renewed_once() {
    // The first token is refused the second time.
    let uses = AtomicUsize::new(0);
    let peer = bearer(
        |_, n| {
            Answer::json(
                200,
                &format!(r#"{{"token":"token-{n}","expires_in":3600}}"#),
            )
        },
        move |header| {
            header == "Bearer token-1"
                || (header == "Bearer token-0" && uses.fetch_add(1, Ordering::SeqCst) == 0)
        },
    );
    let client = client_with(basic());
    let reference = peer.reference("team/app:v1");
    client.manifest(&reference).await.unwrap();
    client.manifest(&reference).await.unwrap();
    assert_eq!(peer.count("GET", "/token"), 2);
}

#[tokio::test]
async fn a_short_lived_token_is_fetched_again() {
    let peer = bearer(
        |_, _| Answer::json(200, r#"{"token":"t0k3n","expires_in":0}"#),
        |header| header == "Bearer t0k3n",
    );
    let client = client_with(basic());
    let reference = peer.reference("team/app:v1");
    client.manifest(&reference).await.unwrap();
    client.manifest(&reference).await.unwrap();
    assert_eq!(peer.count("GET", "/token"), 2);
}

#[tokio::test]
async fn a_token_that_is_always_refused_is_no_loop() {
    let peer = bearer(
        |_, n| Answer::json(200, &format!(r#"{{"token":"token-{n}"}}"#)),
        |_| false,
    );
    let error = client_with(basic())
        .manifest(&peer.reference("team/app:v1"))
        .await
        .unwrap_err();
    assert_eq!(error.class(), Class::Unauthorized);
    assert!(error.to_string().contains("who are you"), "{error}");
    assert!(peer.log().len() <= 4, "{:?}", peer.log());
}

#[tokio::test]
async fn an_identity_token_is_posted() {
    let peer = bearer(
        |seen, _| {
            assert_eq!(seen.method, "POST");
            assert_eq!(seen.target, "/token");
            assert!(seen.header("authorization").is_none());
            let form = String::from_utf8(seen.body.clone()).unwrap();
            for part in [
                "grant_type=refresh_token",
                "refresh_token=r%2Fefresh-me",
                "service=reg%20%22x%22",
                "scope=repository%3Ateam%2Fapp%3Apull",
                "client_id=lazaret",
            ] {
                assert!(form.split('&').any(|have| have == part), "{part} in {form}");
            }
            Answer::json(200, r#"{"access_token":"fresh","expires_in":300}"#)
        },
        |header| header == "Bearer fresh",
    );
    let client = client_with(Credential::IdentityToken(Secret::new("r/efresh-me")));
    client
        .manifest(&peer.reference("team/app:v1"))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_failed_token_fetch_is_an_error_and_never_anonymity() {
    for status in [400, 401, 403, 500] {
        let peer = bearer(
            move |_, _| {
                Answer::json(
                    status,
                    r#"{"errors":[{"code":"DENIED","message":"wrong password, ada"}]}"#,
                )
            },
            |_| false,
        );
        let error = client_with(basic())
            .manifest(&peer.reference("team/app:v1"))
            .await
            .unwrap_err();
        let expected = if status == 500 {
            Class::Unreachable
        } else {
            Class::Unauthorized
        };
        assert_eq!(error.class(), expected, "{status}");
        assert!(error.to_string().contains("wrong password, ada"), "{error}");
        for seen in peer.seen().iter().filter(|seen| seen.path() == "/token") {
            assert!(seen.header("authorization").is_some(), "an anonymous try");
        }
    }
}

#[tokio::test]
async fn a_token_server_may_fail_for_a_while() {
    let peer = bearer(
        |_, n| match n {
            0 => Answer::new(429).with("Retry-After", "1"),
            1 => Answer::new(503),
            _ => Answer::json(200, r#"{"token":"t0k3n"}"#),
        },
        |header| header == "Bearer t0k3n",
    );
    client_with(basic())
        .manifest(&peer.reference("team/app:v1"))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_realm_that_returns_garbage_is_an_error() {
    for garbage in [
        "",
        "{}",
        "[]",
        "<html>",
        r#"{"token":5}"#,
        r#"{"token":""}"#,
        "{\"token\":\"a\\r\\nX: y\"}",
    ] {
        let peer = bearer(move |_, _| Answer::json(200, garbage), |_| false);
        let error = client_with(basic())
            .manifest(&peer.reference("team/app:v1"))
            .await
            .unwrap_err();
        assert_eq!(error.class(), Class::Protocol, "{garbage}: {error}");
    }
    let peer = bearer(
        |_, _| Answer::new(200).body(&vec![b'x'; 2 << 20]),
        |_| false,
    );
    let error = client_with(basic())
        .manifest(&peer.reference("team/app:v1"))
        .await
        .unwrap_err();
    assert_eq!(error.class(), Class::Protocol, "{error}");
}

#[tokio::test]
async fn a_push_asks_for_push_and_a_mount_for_its_source() {
    let peer = Peer::start_with(str::to_owned, |seen, own| {
        if seen.path() == "/token" {
            return Answer::json(
                200,
                &format!(
                    r#"{{"token":"{}"}}"#,
                    if seen.target.contains("other") {
                        "both"
                    } else {
                        "one"
                    }
                ),
            );
        }
        let mounting = seen.target.contains("mount=");
        match seen.header("authorization") {
            Some("Bearer both") if mounting => Answer::new(201),
            Some("Bearer one") if !mounting => Answer::new(404),
            _ => Answer::new(401).with(
                "WWW-Authenticate",
                format!(r#"Bearer realm="http://{own}/token""#),
            ),
        }
    });
    let pushed = client_with(basic())
        .push_blob(
            &peer.reference("team/app"),
            &lazaret_oci::Descriptor::empty(),
            &lazaret_client::BytesSource(b"{}".as_slice().into()),
            &lazaret_client::PushBlob {
                mount_from: Some("team/other".parse().unwrap()),
                advanced: None,
            },
        )
        .await
        .unwrap();
    assert_eq!(pushed, lazaret_client::Pushed::Mounted);
    let tokens: Vec<String> = peer
        .log()
        .into_iter()
        .filter(|line| line.contains("/token"))
        .collect();
    assert_eq!(
        tokens,
        [
            "GET /token?scope=repository%3Ateam%2Fapp%3Apull%2Cpush&account=ada",
            "GET /token?scope=repository%3Ateam%2Fapp%3Apull%2Cpush&scope=repository%3Ateam%2Fother%3Apull&account=ada",
        ]
    );
}

#[tokio::test]
async fn secrets_are_in_no_error_and_no_debug_output() {
    // A server that echoes the whole request.
    let echo = |seen: &Seen| {
        let all = format!("{:?} {}", seen.headers, String::from_utf8_lossy(&seen.body));
        let status = if seen.header("authorization").is_some() {
            403
        } else {
            401
        };
        Answer::new(status)
            .with("WWW-Authenticate", "Basic realm=x")
            .body(all.as_bytes())
    };
    let peer = Peer::start(echo);
    let client = client_with(basic());
    let error = client.manifest(&peer.reference("a:v1")).await.unwrap_err();
    let realm = Peer::start(|seen| {
        Answer::new(401)
            .body(format!("{:?} {}", seen.headers, String::from_utf8_lossy(&seen.body)).as_bytes())
    });
    let url = realm.url();
    let pointing = Peer::start(move |_| {
        Answer::new(401).with("WWW-Authenticate", format!(r#"Bearer realm="{url}/token""#))
    });
    let second = client
        .manifest(&pointing.reference("a:v1"))
        .await
        .unwrap_err();
    let refresh = client_with(Credential::IdentityToken(Secret::new(PASSWORD)));
    let third = refresh
        .manifest(&pointing.reference("a:v1"))
        .await
        .unwrap_err();
    for text in [
        full(&error),
        full(&second),
        full(&third),
        format!("{client:?}"),
        format!("{:?}", basic()),
        format!("{:?}", Credential::Bearer(Secret::new(PASSWORD))),
    ] {
        assert!(!text.contains(PASSWORD), "{text}");
        assert!(
            !text.contains("YWRhOmh1bnRlcjItY29ycmVjdC1ob3JzZQ"),
            "{text}"
        );
    }
    assert!(full(&error).contains("[redacted]"));
}

/// Records the text of all events.
#[derive(Clone, Default)]
struct Recorder(std::sync::Arc<std::sync::Mutex<String>>);

impl tracing::field::Visit for Recorder {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
        let mut text = self.0.lock().unwrap();
        text.push_str(&format!("{field}={value:?} "));
    }
}

impl tracing::Subscriber for Recorder {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, attributes: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        attributes.record(&mut self.clone());
        tracing::span::Id::from_u64(1)
    }
    fn record(&self, _: &tracing::span::Id, values: &tracing::span::Record<'_>) {
        values.record(&mut self.clone());
    }
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut self.clone());
    }
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

#[tokio::test]
async fn traces_hold_no_secrets() {
    let recorder = Recorder::default();
    // For the whole process: events of other tests must not contain secrets either.
    tracing::subscriber::set_global_default(recorder.clone()).unwrap();
    let storage = Peer::start(|_| manifest());
    let signed = format!("{}/blob?X-Amz-Signature=s1gnature", storage.url());
    let failed = AtomicUsize::new(0);
    let peer = Peer::start_with(str::to_owned, move |seen, own| {
        if seen.path() == "/token" {
            return Answer::json(200, r#"{"token":"t0k3n","expires_in":300}"#);
        }
        match seen.header("authorization") {
            Some(_) if failed.fetch_add(1, Ordering::SeqCst) == 0 => Answer::new(503),
            Some(_) => Answer::new(307).with("Location", signed.clone()),
            None => Answer::new(401).with(
                "WWW-Authenticate",
                format!(r#"Bearer realm="http://{own}/token",service=reg"#),
            ),
        }
    });
    let reference = peer.reference("team/app:v1");
    client_with(basic()).manifest(&reference).await.unwrap();
    let refresh = client_with(Credential::IdentityToken(Secret::new("r3fresh")));
    refresh.manifest(&reference).await.unwrap();
    let text = recorder.0.lock().unwrap().clone();
    assert!(text.contains("/v2/team/app/manifests/v1"), "{text}");
    for secret in [
        PASSWORD,
        &BASIC[6..],
        "t0k3n",
        "r3fresh",
        "s1gnature",
        "Bearer",
        "account=",
    ] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}
