//! Tests against an issuer on this machine.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use lazaret_testing::http::{Answer, Peer};
use serde_json::{Value, json};

use super::fetch;
use super::{Failure, Provider};
use crate::jwt::{self, Claims, Fault, PublicKey, Unverified};
use crate::keys::{self, Keys};
use crate::settings::{Condition, Oidc};

/// An issuer with one key.
struct Issuer {
    url: String,
    keys: Keys,
    fetches: Arc<AtomicUsize>,
    set: Arc<Mutex<Option<Value>>>,
}

fn key() -> Keys {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.pem");
    keys::ensure(&path).unwrap();
    Keys::read(Some(&path), std::iter::empty()).unwrap_or_else(|error| panic!("{error:?}"))
}

fn set_of(keys: &Keys) -> Value {
    let PublicKey::Ed25519(public) = keys.public() else {
        panic!("made as Ed25519");
    };
    json!({"keys": [
        {"kty": "oct", "k": "AAAA", "kid": keys.id()},
        {"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "old", "use": "enc"},
        {"kty": "OKP", "crv": "Ed25519", "x": jwt::encode(public), "kid": keys.id(), "use": "sig", "alg": "EdDSA"},
    ]})
}

impl Issuer {
    fn start() -> Self {
        let keys = key();
        let set = Arc::new(Mutex::new(Some(set_of(&keys))));
        let fetches = Arc::new(AtomicUsize::new(0));
        let (sets, count) = (Arc::clone(&set), Arc::clone(&fetches));
        let peer = Peer::start_with(
            |host| format!("http://{host}/tenant"),
            move |seen, issuer| {
                let body = match seen.path() {
                    "/tenant/.well-known/openid-configuration" => {
                        Some(json!({"issuer": issuer, "jwks_uri": format!("{issuer}/keys")}))
                    }
                    "/tenant/keys" => {
                        count.fetch_add(1, Ordering::Relaxed);
                        sets.lock().unwrap().clone()
                    }
                    _ => None,
                };
                match body {
                    Some(body) => Answer::json(200, &body.to_string()),
                    None => Answer::new(500),
                }
            },
        );
        let url = format!("{}/tenant", peer.url());
        Self {
            url,
            keys,
            fetches,
            set,
        }
    }

    fn settings(&self) -> Oidc {
        Oidc {
            name: "github".to_owned(),
            issuer: self.url.clone(),
            audiences: vec!["lazaret".to_owned()],
            user_claim: "sub".to_owned(),
            groups_claim: Some("realm.roles".to_owned()),
            prefix: None,
            conditions: vec![Condition {
                claim: "repository".to_owned(),
                values: vec!["acme/*".to_owned()],
            }],
            jwks_uri: None,
            ca_file: None,
        }
    }

    fn provider(&self) -> Arc<Provider> {
        provider(self.settings())
    }

    fn claims(&self, now: SystemTime) -> Claims {
        let now = jwt::since_epoch(now).as_secs();
        let claims = json!({
            "iss": self.url, "sub": "repo:acme/app:ref:refs/heads/main", "aud": ["x", "lazaret"],
            "exp": now + 600, "iat": now, "repository": "acme/app",
            "realm": {"roles": ["ci", "", 7, "x\ny"]},
        });
        claims.as_object().unwrap().clone()
    }
}

fn provider(settings: Oidc) -> Arc<Provider> {
    Arc::new(Provider::new(settings, 0).unwrap_or_else(|error| panic!("{error:?}")))
}

async fn verify(
    provider: &Arc<Provider>,
    token: &str,
    now: SystemTime,
) -> Result<(String, Vec<String>), Failure> {
    let holder = provider.verify(Unverified::parse(token)?, now).await?;
    Ok((holder.user, holder.groups))
}

#[tokio::test]
async fn tokens_of_the_issuer_name_user_and_groups() {
    let issuer = Issuer::start();
    let now = SystemTime::now();
    let token = issuer.keys.sign("JWT", &issuer.claims(now));
    let (user, groups) = verify(&issuer.provider(), &token, now).await.unwrap();
    assert_eq!(user, "github:repo:acme/app:ref:refs/heads/main");
    assert_eq!(groups, ["github:ci"]);
    let mut settings = issuer.settings();
    settings.prefix = Some(String::new());
    settings.user_claim = "repository".to_owned();
    let (user, groups) = verify(&provider(settings), &token, now).await.unwrap();
    assert_eq!(
        (user.as_str(), groups.as_slice()),
        ("acme/app", &["ci".to_owned()][..])
    );
}

#[tokio::test]
async fn tokens_that_say_something_else_are_refused() {
    let issuer = Issuer::start();
    let provider = issuer.provider();
    let now = SystemTime::now();
    let table: [(&str, Value, Failure); 8] = [
        ("aud", json!("other"), Failure::Token(Fault::Audience)),
        ("aud", json!([]), Failure::Token(Fault::Audience)),
        ("iss", json!("https://other"), Failure::Token(Fault::Issuer)),
        ("exp", json!(1), Failure::Token(Fault::Expired)),
        ("repository", json!("evil/app"), Failure::Claims),
        ("repository", json!({"acme/app": 1}), Failure::Claims),
        ("sub", json!(7), Failure::Claims),
        ("sub", json!("a\nb"), Failure::Claims),
    ];
    for (claim, value, expected) in table {
        let mut claims = issuer.claims(now);
        claims.insert(claim.to_owned(), value.clone());
        let token = issuer.keys.sign("JWT", &claims);
        assert_eq!(
            verify(&provider, &token, now).await,
            Err(expected),
            "{claim} {value}"
        );
    }
    let stranger = key().sign("JWT", &issuer.claims(now));
    assert_eq!(
        verify(&provider, &stranger, now).await,
        Err(Failure::Token(Fault::Key))
    );
    let mut mail = issuer.settings();
    mail.user_claim = "email".to_owned();
    let mail = self::provider(mail);
    for (verified, works) in [
        (json!(true), true),
        (json!(false), false),
        (json!("no"), false),
    ] {
        let mut claims = issuer.claims(now);
        claims.insert("email".to_owned(), json!("a@example.com"));
        claims.insert("email_verified".to_owned(), verified);
        let token = issuer.keys.sign("JWT", &claims);
        assert_eq!(verify(&mail, &token, now).await.is_ok(), works);
    }
}

#[tokio::test]
async fn unknown_keys_cause_few_fetches_and_new_keys_are_found() {
    let issuer = Issuer::start();
    let provider = issuer.provider();
    let mut now = SystemTime::now();
    let token = issuer.keys.sign("JWT", &issuer.claims(now));
    verify(&provider, &token, now).await.unwrap();
    let rotated = key();
    for _ in 0..50 {
        let unknown = rotated.sign("JWT", &issuer.claims(now));
        assert_eq!(
            verify(&provider, &unknown, now).await,
            Err(Failure::Token(Fault::Key))
        );
    }
    assert_eq!(
        issuer.fetches.load(Ordering::Relaxed),
        1,
        "the first was a moment ago"
    );
    *issuer.set.lock().unwrap() = Some(set_of(&rotated));
    now += Duration::from_secs(31);
    let new = rotated.sign("JWT", &issuer.claims(now));
    verify(&provider, &new, now).await.unwrap();
    assert_eq!(issuer.fetches.load(Ordering::Relaxed), 2);
    assert!(
        verify(&provider, &token, now).await.is_err(),
        "the old key is gone"
    );
}

#[tokio::test]
async fn known_keys_go_on_while_the_issuer_is_down() {
    let issuer = Issuer::start();
    let provider = issuer.provider();
    let mut now = SystemTime::now();
    *issuer.set.lock().unwrap() = None;
    let token = issuer.keys.sign("JWT", &issuer.claims(now));
    assert_eq!(
        verify(&provider, &token, now).await,
        Err(Failure::Unavailable)
    );
    *issuer.set.lock().unwrap() = Some(set_of(&issuer.keys));
    now += Duration::from_secs(4);
    verify(&provider, &token, now).await.unwrap();
    *issuer.set.lock().unwrap() = None;
    now += Duration::from_secs(2 * 60 * 60);
    let token = issuer.keys.sign("JWT", &issuer.claims(now));
    verify(&provider, &token, now).await.unwrap();
}

#[tokio::test]
async fn a_document_of_another_issuer_is_not_believed() {
    let issuer = Issuer::start();
    let mut settings = issuer.settings();
    settings.issuer.push('/');
    let now = SystemTime::now();
    let mut claims = issuer.claims(now);
    claims.insert("iss".to_owned(), json!(settings.issuer));
    let token = issuer.keys.sign("JWT", &claims);
    assert_eq!(
        verify(&provider(settings), &token, now).await,
        Err(Failure::Unavailable)
    );
}

/// OpenSSL made these signatures, with the other algorithms that issuers use.
#[test]
fn rsa_and_ecdsa_signatures_of_openssl_are_verified() {
    let folder = tempfile::tempdir().unwrap();
    let openssl = |arguments: &[&str]| {
        let output = std::process::Command::new("openssl")
            .current_dir(folder.path())
            .args(arguments)
            .output()
            .unwrap_or_else(|error| panic!("openssl cannot be started, is it installed? {error}"));
        assert!(output.status.success(), "openssl {arguments:?}: {output:?}");
        output.stdout
    };
    openssl(&[
        "genpkey",
        "-algorithm",
        "RSA",
        "-pkeyopt",
        "rsa_keygen_bits:2048",
        "-out",
        "rsa.pem",
    ]);
    let text = openssl(&["rsa", "-in", "rsa.pem", "-noout", "-modulus"]);
    let text = String::from_utf8(text).unwrap();
    let hex = text.trim().strip_prefix("Modulus=").unwrap();
    let modulus = lazaret_values::unhex(hex).unwrap();
    let now = SystemTime::now();
    let ends = jwt::since_epoch(now).as_secs() + 60;
    let signed = format!(
        "{}.{}",
        jwt::encode(br#"{"alg":"RS256","kid":"r"}"#),
        jwt::encode(format!("{{\"exp\":{ends}}}").as_bytes())
    );
    std::fs::write(folder.path().join("message"), &signed).unwrap();
    let signature = openssl(&["dgst", "-sha256", "-sign", "rsa.pem", "message"]);
    let set = json!({"keys": [
        {"kty": "RSA", "kid": "r", "n": jwt::encode(&[&[0][..], &modulus].concat()), "e": "AQAB"},
    ]});
    let set = super::jwks::KeySet::parse(set.to_string().as_bytes()).unwrap();
    let token = format!("{signed}.{}", jwt::encode(&signature));
    let token = Unverified::parse(&token).unwrap();
    let key = set.find(&token).unwrap();
    token.verify(key, now).unwrap();
    let mut broken = signature;
    broken[9] ^= 1;
    let token = format!("{signed}.{}", jwt::encode(&broken));
    let token = Unverified::parse(&token).unwrap();
    assert_eq!(token.verify(key, now), Err(Fault::Signature));
}

#[test]
fn only_https_and_this_machine_are_asked() {
    for url in [
        "https://example.com/x",
        "http://127.0.0.1:1/x",
        "http://localhost/",
        "http://[::1]:8/",
    ] {
        assert!(fetch::check(url).is_ok(), "{url}");
    }
    for url in [
        "http://example.com",
        "http://localhost.example.com",
        "ftp://localhost",
        "x",
        "file:///etc/passwd",
        "http://127.0.0.1.nip.io/",
    ] {
        assert!(fetch::check(url).is_err(), "{url}");
    }
}

#[test]
fn settings_that_would_let_anybody_in_are_refused() {
    let settings = Oidc {
        name: "x".to_owned(),
        issuer: "https://issuer.example.com".to_owned(),
        audiences: Vec::new(),
        user_claim: "sub".to_owned(),
        groups_claim: None,
        prefix: None,
        conditions: Vec::new(),
        jwks_uri: None,
        ca_file: None,
    };
    let error = Provider::new(settings.clone(), 3).map(drop).unwrap_err();
    assert!(
        error.to_string().contains("auth.oidc[3].audiences"),
        "{error}"
    );
    let plain = Oidc {
        audiences: vec!["a".to_owned()],
        issuer: "http://issuer.example.com".to_owned(),
        ..settings
    };
    let error = Provider::new(plain, 0).map(drop).unwrap_err();
    assert!(error.to_string().contains("https"), "{error}");
}
