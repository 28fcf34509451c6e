//! One test for each class of the advisories of 2026 against registry clients.

use std::sync::{Arc, Mutex};

use lazaret_client::{Anonymous, BytesSource, Cause, Class, Client, Error, PushBlob};
use lazaret_oci::{Descriptor, Digest};

use crate::support::{
    Answer, AsRegistry, MANIFEST, Peer, Seen, basic, client, client_with, full, manifest_json,
    noise,
};

const BASIC_CHALLENGE: &str = "Basic realm=x";

/// A server that must get no request, or none with credentials.
fn stranger() -> Peer {
    Peer::start(|_| {
        Answer::new(200)
            .with("Content-Type", MANIFEST)
            .body(manifest_json().as_bytes())
    })
}

fn no_credentials(peer: &Peer) {
    for seen in peer.seen() {
        assert!(seen.header("authorization").is_none(), "{seen:?}");
        assert!(!seen.target.contains("hunter2") && !seen.target.contains("t0k3n"));
    }
}

/// A server that requires Basic credentials, then answers with `then`.
fn guarded(
    then: impl Fn(&Seen) -> Answer + Send + Sync + 'static,
) -> impl Fn(&Seen) -> Answer + Send + Sync {
    move |seen| match seen.header("authorization") {
        Some(_) => then(seen),
        None => Answer::new(401).with("WWW-Authenticate", BASIC_CHALLENGE),
    }
}

#[tokio::test]
async fn a_redirect_to_another_origin_drops_the_credentials() {
    for status in [301, 302, 303, 307, 308] {
        let other = stranger();
        let target = format!("{}/elsewhere?signature=s3cr3t", other.url());
        let peer = Peer::start(guarded(move |_| {
            Answer::new(status).with("Location", target.clone())
        }));
        client_with(basic())
            .manifest(&peer.reference("a:v1"))
            .await
            .unwrap();
        assert_eq!(other.log(), ["GET /elsewhere?signature=s3cr3t"]);
        no_credentials(&other);
    }
}

#[tokio::test]
async fn credentials_do_not_come_back_after_another_origin() {
    let back: Arc<Mutex<String>> = Arc::default();
    let target = Arc::clone(&back);
    let other =
        Peer::start(move |_| Answer::new(307).with("Location", target.lock().unwrap().clone()));
    let away = other.url();
    let peer = Peer::start(
        move |seen| match (seen.path(), seen.header("authorization")) {
            ("/v2/victim/secret", Some(_)) => Answer::new(200).body(b"would have been sent"),
            ("/v2/victim/secret", None) => Answer::new(403),
            (_, Some(_)) => Answer::new(307).with("Location", away.clone()),
            (_, None) => Answer::new(401).with("WWW-Authenticate", BASIC_CHALLENGE),
        },
    );
    *back.lock().unwrap() = format!("{}/v2/victim/secret", peer.url());
    let error = client_with(basic())
        .manifest(&peer.reference("a:v1"))
        .await
        .unwrap_err();
    assert_eq!(error.class(), Class::Denied, "{error}");
}

#[tokio::test]
async fn a_redirect_on_the_same_origin_keeps_the_credentials() {
    let peer = Peer::start(guarded(|seen| match seen.path() {
        "/moved" => Answer::new(200)
            .with("Content-Type", MANIFEST)
            .body(manifest_json().as_bytes()),
        _ => Answer::new(307).with("Location", "/moved"),
    }));
    client_with(basic())
        .manifest(&peer.reference("a:v1"))
        .await
        .unwrap();
}

#[tokio::test]
async fn another_origin_cannot_ask_for_the_credentials() {
    let other = Peer::start(|_| Answer::new(401).with("WWW-Authenticate", BASIC_CHALLENGE));
    let target = other.url();
    let peer = Peer::start(move |_| Answer::new(307).with("Location", target.clone()));
    let error = client_with(basic())
        .manifest(&peer.reference("a:v1"))
        .await
        .unwrap_err();
    assert_eq!(error.class(), Class::Unauthorized);
    no_credentials(&other);
    no_credentials(&peer);
}

#[tokio::test]
async fn redirects_end() {
    let peer = Peer::start(|seen| Answer::new(302).with("Location", format!("{}x", seen.path())));
    let error = client()
        .manifest(&peer.reference("a:v1"))
        .await
        .unwrap_err();
    assert_eq!(error.class(), Class::Protocol);
    assert_eq!(peer.log().len(), 11);
    for location in [
        "",
        "ftp://x/",
        "http://",
        "http://user:pw@127.0.0.1/",
        "file:///etc/passwd",
        "http://[::1",
        "\\\\x",
        "data:,x",
    ] {
        let peer = Peer::start(move |_| Answer::new(302).with("Location", location));
        let error = client()
            .manifest(&peer.reference("a:v1"))
            .await
            .unwrap_err();
        assert_eq!(error.class(), Class::Protocol, "{location}: {error}");
    }
}

#[tokio::test]
async fn a_redirect_to_a_metadata_service_is_refused() {
    for location in [
        "http://169.254.169.254/latest/meta-data/",
        "https://169.254.169.254/",
        "https://[fe80::1]/",
        "https://[::ffff:169.254.169.254]/",
        "https://0.0.0.0/",
    ] {
        let peer = Peer::start(move |_| Answer::new(307).with("Location", location));
        let error = client()
            .manifest(&peer.reference("a:v1"))
            .await
            .unwrap_err();
        assert_eq!(error.class(), Class::Protocol, "{location}: {error}");
        assert_eq!(peer.log().len(), 1, "{location}");
    }
}

#[tokio::test]
async fn plain_http_goes_no_further_than_allowed() {
    // From a plain registry to a host that is neither loopback nor listed.
    for location in [
        "http://example.invalid/x",
        "http://localhost.example.invalid/",
        "http://127.0.0.1.example.invalid/",
    ] {
        let peer = Peer::start(move |_| Answer::new(307).with("Location", location));
        let error = client()
            .manifest(&peer.reference("a:v1"))
            .await
            .unwrap_err();
        assert_eq!(error.class(), Class::Protocol, "{location}: {error}");
        assert!(
            matches!(
                error,
                Error::Protocol {
                    cause: Cause::PlainNotListed,
                    ..
                }
            ),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn a_token_realm_gets_nothing_over_plain_http_or_from_forbidden_places() {
    for realm in [
        "http://example.invalid/token",
        "http://169.254.169.254/token",
        "https://169.254.169.254/token",
        "//127.0.0.1/token",
        "/token",
        "ftp://127.0.0.1/",
        "http://ada:hunter2@127.0.0.1/",
        "",
    ] {
        let peer = Peer::start(move |_| {
            Answer::new(401).with("WWW-Authenticate", format!(r#"Bearer realm="{realm}""#))
        });
        let error = client_with(basic())
            .manifest(&peer.reference("a:v1"))
            .await
            .unwrap_err();
        assert_eq!(error.class(), Class::Protocol, "{realm}: {error}");
        assert_eq!(peer.log().len(), 1, "{realm}");
    }
}

#[tokio::test]
async fn a_redirected_token_request_loses_its_credentials() {
    let other = Peer::start(|_| Answer::json(200, r#"{"token":"t"}"#));
    let target = format!("{}/steal", other.url());
    let peer = Peer::start_with(str::to_owned, move |seen, own| match seen.path() {
        "/token" => Answer::new(307).with("Location", target.clone()),
        _ if seen.header("authorization") == Some("Bearer t") => Answer::new(200),
        _ => Answer::new(401).with(
            "WWW-Authenticate",
            format!(r#"Bearer realm="http://{own}/token""#),
        ),
    });
    let _ = client_with(basic()).ping(&peer.registry()).await;
    no_credentials(&other);
    // A refresh token in a POST is not posted again.
    let other = Peer::start(|_| Answer::json(200, r#"{"token":"t"}"#));
    let target = other.url();
    let peer = Peer::start_with(str::to_owned, move |seen, own| match seen.path() {
        "/token" => Answer::new(307).with("Location", target.clone()),
        _ => Answer::new(401).with(
            "WWW-Authenticate",
            format!(r#"Bearer realm="http://{own}/token""#),
        ),
    });
    let refresh =
        lazaret_client::Credential::IdentityToken(lazaret_values::Secret::new("t0k3n-refresh"));
    client_with(refresh)
        .ping(&peer.registry())
        .await
        .unwrap_err();
    assert!(other.log().is_empty());
}

#[tokio::test]
async fn an_upload_location_on_another_origin_gets_the_blob_and_no_credentials() {
    let other = Peer::start(|_| Answer::new(201));
    let target = format!("{}/storage/upload?sig=abc", other.url());
    let peer = Peer::start(guarded(move |seen| match seen.method.as_str() {
        "HEAD" => Answer::new(404),
        _ => Answer::new(202).with("Location", target.clone()),
    }));
    let content = noise(1000);
    let blob = Descriptor::of("x/y", &content);
    client_with(basic())
        .push_blob(
            &peer.reference("a"),
            &blob,
            &BytesSource(content.clone().into()),
            &PushBlob::default(),
        )
        .await
        .unwrap();
    assert_eq!(
        other.log(),
        [format!(
            "PUT /storage/upload?sig=abc&digest={}",
            blob.digest
        )]
    );
    assert_eq!(other.seen()[0].body, content);
    no_credentials(&other);
}

#[tokio::test]
async fn an_upload_location_that_cannot_be_trusted_is_refused() {
    for location in [
        "http://169.254.169.254/upload",
        "https://[fe80::1]/upload",
        "http://example.invalid/upload",
        "http://",
        "",
    ] {
        let peer = Peer::start(move |seen| match seen.method.as_str() {
            "HEAD" => Answer::new(404),
            _ => Answer::new(202).with("Location", location),
        });
        let error = client()
            .push_blob(
                &peer.reference("a"),
                &Descriptor::empty(),
                &BytesSource(b"{}".as_slice().into()),
                &PushBlob::default(),
            )
            .await
            .unwrap_err();
        assert_eq!(error.class(), Class::Protocol, "{location}: {error}");
    }
}

#[tokio::test]
async fn uploads_are_not_redirected() {
    let other = stranger();
    let target = other.url();
    let peer = Peer::start(guarded(move |seen| match seen.method.as_str() {
        "HEAD" => Answer::new(404),
        _ => Answer::new(307).with("Location", target.clone()),
    }));
    let error = client_with(basic())
        .push_blob(
            &peer.reference("a"),
            &Descriptor::empty(),
            &BytesSource(b"{}".as_slice().into()),
            &PushBlob::default(),
        )
        .await
        .unwrap_err();
    assert_eq!(error.class(), Class::Protocol, "{error}");
    assert!(other.log().is_empty());
}

#[tokio::test]
async fn a_link_to_another_origin_is_not_followed() {
    let other = stranger();
    let target = other.url();
    let peer = Peer::start(guarded(move |_| {
        Answer::json(200, r#"{"name":"a","tags":["v1"]}"#).with(
            "Link",
            format!(r#"<{target}/v2/a/tags/list?last=v1>; rel="next""#),
        )
    }));
    let client = client_with(basic());
    let error = client.tags(&peer.reference("a")).await.unwrap_err();
    assert_eq!(error.class(), Class::Protocol);
    assert!(error.to_string().contains("another origin"), "{error}");
    let error = client
        .referrers(&peer.reference("a"), &Digest::of(b"x"), None)
        .await
        .unwrap_err();
    assert_eq!(error.class(), Class::Protocol);
    assert!(other.log().is_empty());
}

#[tokio::test]
async fn pages_end() {
    let peer = Peer::start(|seen| {
        let next: u64 = seen
            .target
            .split("last=")
            .nth(1)
            .map_or(0, |n| n.parse::<u64>().unwrap())
            + 1;
        Answer::json(200, r#"{"name":"a","tags":["v1"]}"#).with(
            "Link",
            format!(r#"</v2/a/tags/list?last={next}>; rel="next""#),
        )
    });
    let mut options = crate::support::options();
    options.max_pages = 20;
    let client = Client::new(options, Arc::new(Anonymous)).unwrap();
    let error = client.tags(&peer.reference("a")).await.unwrap_err();
    assert_eq!(error.class(), Class::Protocol);
    assert_eq!(peer.log().len(), 20);
}

#[tokio::test]
async fn pages_in_a_circle_are_noticed() {
    let peer = Peer::start(|seen| {
        let next = if seen.target.contains("last=a") {
            "b"
        } else {
            "a"
        };
        Answer::json(200, r#"{"tags":["v1"]}"#).with(
            "Link",
            format!(r#"</v2/a/tags/list?last={next}>; rel="next""#),
        )
    });
    let error = client().tags(&peer.reference("a")).await.unwrap_err();
    assert!(error.to_string().contains("circle"), "{error}");
    assert_eq!(peer.log().len(), 3);
}

#[tokio::test]
async fn hostile_challenges_are_errors() {
    let check = async |challenge: String| {
        let shown: String = challenge.chars().take(60).collect();
        let peer =
            Peer::start(move |_| Answer::new(401).with("WWW-Authenticate", challenge.clone()));
        let error = client_with(basic())
            .manifest(&peer.reference("a:v1"))
            .await
            .unwrap_err();
        assert!(
            matches!(error.class(), Class::Unauthorized | Class::Protocol),
            "{shown}: {error}"
        );
    };
    for challenge in [
        "",
        "Bearer",
        "Bearer realm",
        "Bearer realm=",
        r#"Bearer realm=""#,
        r#"Bearer realm="\"#,
        "=,=,=",
        "Negotiate",
        "Bearer service=x",
        ",,,,",
        r#"Bearer realm="http://127.0.0.1:1/ x""#,
    ] {
        check(challenge.to_owned()).await;
    }
    check("a,".repeat(5000)).await;
    check(format!(r#"Bearer realm="{}""#, "x".repeat(20_000))).await;
}

#[tokio::test]
async fn text_of_servers_drives_no_terminal() {
    let peer = Peer::start(|_| {
        Answer::json(
            400,
            r#"{"errors":[{"code":"X\u001b[2J","message":"\u001b]0;owned\u0007 \u009b31m"}]}"#,
        )
    });
    let error = client()
        .manifest(&peer.reference("a:v1"))
        .await
        .unwrap_err();
    assert!(
        !error.to_string().contains(['\u{1b}', '\u{7}', '\u{9b}']),
        "{error:?}"
    );
    let peer = Peer::start(|_| {
        Answer::new(400).body(&[b"\x1b[2Jbad ".to_vec(), vec![b'z'; 1 << 20]].concat())
    });
    let error = client()
        .manifest(&peer.reference("a:v1"))
        .await
        .unwrap_err();
    assert!(!error.to_string().contains('\u{1b}'));
    assert!(full(&error).len() < 10_000);
}

#[tokio::test]
async fn broken_http_is_an_error() {
    for raw in [
        "garbage\r\n\r\n".to_owned(),
        "HTTP/1.1 abc\r\n\r\n".to_owned(),
        format!("HTTP/1.1 200 OK\r\n{}\r\n\r\n", "A: b\r\n".repeat(5000)),
        format!("HTTP/1.1 200 OK\r\nA: {}\r\n\r\n", "x".repeat(2 << 20)),
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx".to_owned(),
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n".to_owned(),
    ] {
        let shown: String = raw.chars().take(40).collect();
        let peer = Peer::start(move |_| Answer::raw(raw.clone()));
        let error = client()
            .manifest(&peer.reference("a:v1"))
            .await
            .unwrap_err();
        assert_eq!(error.class(), Class::Unreachable, "{shown}: {error}");
    }
}
