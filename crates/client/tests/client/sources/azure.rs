use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lazaret_client::{AzureRegistry, AzureToken, Class, Credential, Error, Program, TokenOrigin};
use lazaret_oci::Registry;
use lazaret_values::Secret;

use super::{ask, client_of, pass, runs, script, write};
use crate::support::{Answer, AsRegistry as _, MANIFEST, Peer, full, manifest_json, options};

/// A token that ends so many seconds from now.
fn token(seconds: u64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let claims = format!(r#"{{"exp":{}}}"#, now.as_secs() + seconds);
    format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
}

/// A registry that gives `refresh` for the access token `aad-N`, and wants tokens.
fn registry(refresh: impl Fn(usize) -> Answer + Send + Sync + 'static) -> Peer {
    let given = AtomicUsize::new(0);
    Peer::start_with(str::to_owned, move |seen, own: &String| {
        match (seen.path(), seen.header("authorization")) {
            ("/oauth2/exchange", _) => refresh(given.fetch_add(1, Ordering::SeqCst)),
            ("/oauth2/token", _) => Answer::json(200, r#"{"access_token":"t0k3n"}"#),
            (_, Some("Bearer t0k3n")) => Answer::new(200)
                .with("Content-Type", MANIFEST)
                .body(manifest_json().as_bytes()),
            _ => Answer::new(401).with(
                "WWW-Authenticate",
                format!(r#"Bearer realm="http://{own}/oauth2/token",service="{own}",error="invalid_token""#),
            ),
        }
    })
}

fn granting(refresh: String) -> Peer {
    registry(move |_| Answer::json(200, &format!(r#"{{"refresh_token":"{refresh}"}}"#)))
}

fn source(peer: &Peer, token: AzureToken) -> AzureRegistry {
    let tenant = Some("contoso.test".to_owned());
    AzureRegistry::new(peer.registry(), tenant, token, &options()).unwrap()
}

fn file(folder: &Path, text: &str) -> TokenOrigin {
    TokenOrigin::File(write(folder, "token", text))
}

/// A program that notes its runs in the folder.
fn program(folder: &Path, text: &str) -> TokenOrigin {
    TokenOrigin::Program(script(folder, "get-token", text))
}

async fn refresh(source: &AzureRegistry, peer: &Peer) -> String {
    match ask(source, peer.registry().as_str()).await.unwrap() {
        Some(Credential::IdentityToken(token)) => token.reveal().to_owned(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_access_token_becomes_a_refresh_token_and_that_an_access_token() {
    let folder = tempfile::tempdir().unwrap();
    let given = token(10_000);
    let peer = granting(given.clone());
    let origin = file(folder.path(), "aad-access-token\n");
    let client = client_of(source(&peer, AzureToken::Access(origin)));
    for name in ["team/app:v1", "team/app:v2", "other:v1"] {
        client.manifest(&peer.reference(name)).await.unwrap();
    }
    assert_eq!(peer.count("POST", "/oauth2/exchange"), 1);
    let own = peer.registry().to_string().replace(':', "%3A");
    let body = |path: &str| {
        let seen = peer.seen().into_iter().find(|seen| seen.path() == path);
        String::from_utf8(seen.unwrap().body).unwrap()
    };
    assert_eq!(
        body("/oauth2/exchange"),
        format!(
            "grant_type=access_token&service={own}&tenant=contoso.test\
             &access_token=aad-access-token"
        )
    );
    let asked = body("/oauth2/token");
    for part in [
        "grant_type=refresh_token",
        &format!("service={own}"),
        "scope=repository%3Ateam%2Fapp%3Apull",
        &format!("refresh_token={given}"),
    ] {
        assert!(asked.split('&').any(|have| have == part), "{asked}");
    }
}

#[tokio::test]
async fn a_refresh_token_is_kept_until_its_end_or_a_change_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let peer = granting(token(10_000));
    let source = source(&peer, AzureToken::Access(file(folder.path(), "one")));
    let asked = (0..20).map(|_| refresh(&source, &peer));
    futures_util::future::join_all(asked).await;
    assert_eq!(peer.log().len(), 1, "parallel lookups share the exchange");
    file(
        folder.path(),
        r#"{"accessToken":"two","expiresOn":"later"}"#,
    );
    refresh(&source, &peer).await;
    let bodies = peer.seen();
    assert_eq!(bodies.len(), 2);
    assert!(bodies[1].body.ends_with(b"&access_token=two"));
    assert_eq!(ask(&source, "other.azurecr.io").await.unwrap(), None);
}

#[tokio::test]
async fn a_program_runs_when_the_refresh_token_is_about_to_end() {
    let folder = tempfile::tempdir().unwrap();
    let script = r#"echo "{\"accessToken\":\"$(wc -l < $(dirname $0)/runs)\"}""#;
    let origin = program(folder.path(), script);
    let peer = granting("opaque".to_owned());
    let source = source(&peer, AzureToken::Access(origin));
    refresh(&source, &peer).await;
    refresh(&source, &peer).await;
    assert_eq!(runs(folder.path()), 1);
    pass(3590).await;
    refresh(&source, &peer).await;
    assert_eq!(runs(folder.path()), 1, "an hour is the default");
    pass(20).await;
    refresh(&source, &peer).await;
    assert_eq!(runs(folder.path()), 2);
    assert!(peer.seen()[1].body.ends_with(b"access_token=2"));
}

#[tokio::test]
async fn refresh_tokens_of_other_programs_are_used_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let peer = granting("never".to_owned());
    for text in [
        "r3fr3sh\n",
        "\u{feff}r3fr3sh",
        r#""r3fr3sh""#,
        r#"{"accessToken":"r3fr3sh","loginServer":"ex.azurecr.io"}"#,
        r#"{"refresh_token":"r3fr3sh","claims":{"exp":1700000000}}"#,
        r#"{"refresh_token":"r3fr3sh","access_token":"other"}"#,
    ] {
        let source = source(&peer, AzureToken::Refresh(file(folder.path(), text)));
        assert_eq!(refresh(&source, &peer).await, "r3fr3sh", "{text}");
        file(folder.path(), "n3w");
        assert_eq!(refresh(&source, &peer).await, "n3w");
    }
    let origin = program(folder.path(), "echo r3fr3sh");
    let source = source(&peer, AzureToken::Refresh(origin));
    for _ in 0..3 {
        assert_eq!(refresh(&source, &peer).await, "r3fr3sh");
    }
    assert_eq!(runs(folder.path()), 1);
    assert!(peer.log().is_empty(), "nothing is exchanged");
    let client = client_of(source);
    client.manifest(&peer.reference("a:b")).await.unwrap();
}

#[tokio::test]
async fn what_is_no_token_is_an_error_that_quotes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let peer = granting("never".to_owned());
    let check = |error: Error, words: &str| {
        assert_eq!(error.class(), Class::Local);
        let shown = full(&error);
        assert!(shown.contains(words), "{words}: {shown}");
        assert!(!shown.contains("hunter2"), "{shown}");
    };
    for (text, words) in [
        ("", "no token"),
        ("{}", "no token"),
        (r#"{"refresh_token":"hunter2"}"#, "no token"),
        (
            r#"{"accessToken":7,"x":"hunter2"}"#,
            "not the expected JSON",
        ),
        ("{hunter2", "not the expected JSON"),
        ("\"hunter2", "not the expected JSON"),
        ("hunter2 and more", "no token"),
        ("hunter2\u{1b}[31m", "no token"),
    ] {
        let source = source(&peer, AzureToken::Access(file(folder.path(), text)));
        let error = ask(&source, peer.registry().as_str()).await.unwrap_err();
        check(error, words);
    }
    for (script, words) in [
        (
            "echo hunter2; echo 'Please run az login' >&2; exit 3",
            "Please run az login",
        ),
        ("yes hunter2", "more than"),
        ("printf 'hunter2 \\377'", "not UTF-8"),
        ("kill -9 $$", "failed"),
    ] {
        let source = source(&peer, AzureToken::Access(program(folder.path(), script)));
        let error = ask(&source, peer.registry().as_str()).await.unwrap_err();
        check(error, words);
    }
    let relative = TokenOrigin::Program(Program {
        command: "az".into(),
        args: Vec::new(),
        env: Vec::new(),
    });
    let registry: Registry = peer.registry();
    let made = AzureRegistry::new(registry, None, AzureToken::Access(relative), &options());
    check(made.unwrap_err(), "not absolute");
    assert!(peer.log().is_empty());
}

#[tokio::test]
async fn a_refused_exchange_is_explained_without_the_token() {
    let folder = tempfile::tempdir().unwrap();
    let access = AzureToken::Access(file(folder.path(), "s3cr3t-access"));
    let echo = || {
        Answer::json(
            401,
            r#"{"errors":[{"code":"UNAUTHORIZED","message":"bad s3cr3t-access given"}]}"#,
        )
    };
    let peer = registry(move |_| echo());
    let client = client_of(source(&peer, access.clone()));
    let error = client.manifest(&peer.reference("a:b")).await.unwrap_err();
    assert_eq!(error.class(), Class::Unauthorized);
    assert!(error.to_string().contains("exchange the access token"));
    assert!(
        error.to_string().contains("bad [redacted] given"),
        "{error}"
    );
    assert!(!full(&error).contains("s3cr3t"), "{}", full(&error));
    for (answer, class) in [
        (Answer::new(404), Class::NotFound),
        (Answer::new(429), Class::RateLimited),
        (Answer::json(200, "{}"), Class::Protocol),
        (
            Answer::json(200, r#"{"refresh_token":""}"#),
            Class::Protocol,
        ),
        (Answer::new(200).zeros(1 << 21), Class::Protocol),
    ] {
        let peer = registry(move |_| answer.clone());
        let source = source(&peer, access.clone());
        let error = ask(&source, peer.registry().as_str()).await.unwrap_err();
        assert_eq!(error.class(), class, "{error}");
    }
    let busy = registry(|number| match number {
        0 => Answer::new(503),
        _ => Answer::json(200, r#"{"refresh_token":"r"}"#),
    });
    let source = source(&busy, access);
    let found = ask(&source, busy.registry().as_str()).await.unwrap();
    assert_eq!(found, Some(Credential::IdentityToken(Secret::new("r"))));
}
