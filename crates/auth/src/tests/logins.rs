//! Tests of passwords, certificates, limits and access decisions.

use std::sync::Arc;
use std::time::Duration;

use super::support::{basic, head, peer, refused, repository, rules, settings, with_tokens, world};
use crate::settings::{CertificateField, Certificates};
use crate::{Action, ClientCertificate, Gate, Method, RequestLimits, Settings};

#[tokio::test]
async fn known_users_come_in_and_others_are_challenged() {
    let world = world(|_| {}, RequestLimits::default());
    let alice = world
        .identify(Some(&basic("alice", "alice-pw")))
        .await
        .unwrap();
    assert_eq!(
        (alice.user(), alice.method()),
        (Some("alice"), Method::Password)
    );
    world.gate.greet(&alice).unwrap();
    world.demand(&alice, Action::Push, "alice/app").unwrap();
    let challenge = "Basic realm=\"Lazaret\",charset=\"UTF-8\"".to_owned();
    for (user, password) in [
        ("alice", "bob-pw"),
        ("eve", "alice-pw"),
        ("", "alice-pw"),
        ("alice", ""),
    ] {
        let outcome = world.identify(Some(&basic(user, password))).await;
        assert_eq!(refused(outcome), (401, challenge.clone()), "{user}");
    }
    assert_eq!(refused(world.identify(Some("Basic ???")).await).0, 400);
    let nobody = world.identify(None).await.unwrap();
    assert_eq!(refused(world.gate.greet(&nobody)), (401, challenge.clone()));
    // Clients without a login that were challenged send empty credentials.
    let empty = world.identify(Some(&basic("", ""))).await.unwrap();
    assert_eq!((empty.user(), empty.method()), (None, Method::Anonymous));
    assert_eq!(refused(world.gate.greet(&empty)), (401, challenge.clone()));
    world.demand(&nobody, Action::Pull, "public/app").unwrap();
    assert_eq!(
        refused(world.demand(&nobody, Action::Pull, "alice/app")),
        (401, challenge)
    );
    assert_eq!(
        refused(world.demand(&alice, Action::Pull, "bob/app")).0,
        403
    );
    let many = [
        (Action::Push, Some(repository("alice/app"))),
        (Action::Pull, Some(repository("bob/app"))),
    ];
    assert_eq!(
        refused(world.gate.demand(&alice, &many)).0,
        403,
        "all or nothing"
    );
    assert!(
        world
            .gate
            .allows(&alice, Action::Pull, &repository("public/x"))
    );
    assert!(
        !world
            .gate
            .allows(&alice, Action::Push, &repository("public/x"))
    );
}

#[tokio::test]
async fn an_open_gate_lets_everybody_in() {
    let gate = Gate::open_to_all();
    // Some clients send any credentials that they keep for the host.
    let head = head("GET", "/v2/", Some(&basic("x", "y")));
    let identity = gate.identify(&head, &peer(1)).await.unwrap();
    assert_eq!(identity.user(), None);
    gate.greet(&identity).unwrap();
    gate.demand(&identity, &[(Action::Administer, None)])
        .unwrap();
    assert!(gate.is_open());
}

#[tokio::test]
async fn guessing_is_slowed_down_without_looking_at_the_password() {
    let world = world(|_| {}, RequestLimits::default());
    for guess in 0..5 {
        let outcome = world
            .identify(Some(&basic("alice", &format!("guess-{guess}"))))
            .await;
        assert_eq!(refused(outcome).0, 401);
    }
    // Even the right password has to wait now.
    let right = basic("alice", "alice-pw");
    let (status, wait) = refused(world.identify(Some(&right)).await);
    assert_eq!((status, wait.as_str()), (429, "1"));
    // Other users at this address, and the user at another address, do not wait.
    world.identify(Some(&basic("bob", "bob-pw"))).await.unwrap();
    let head = head("GET", "/v2/", Some(&right));
    world.gate.identify(&head, &peer(2)).await.unwrap();
    world.clock.advance(Duration::from_secs(2));
    world.identify(Some(&right)).await.unwrap();
}

#[tokio::test]
async fn failed_logins_outlive_new_settings() {
    let world = world(|_| {}, RequestLimits::default());
    for guess in 0..5 {
        let _ = world
            .identify(Some(&basic("alice", &guess.to_string())))
            .await;
    }
    let settings = settings(world.folder.path());
    let gate = world
        .gate
        .reopen(&settings, Some(rules()), RequestLimits::default())
        .unwrap();
    let head = head("GET", "/v2/", Some(&basic("alice", "alice-pw")));
    assert_eq!(refused(gate.identify(&head, &peer(1)).await).0, 429);
}

#[tokio::test]
async fn requests_have_a_rate_and_places() {
    let limits = RequestLimits {
        requests_per_second: Some(1.0),
        request_burst: 3,
        concurrent_requests: Some(2),
    };
    let world = world(|_| {}, limits);
    let first = world.identify(None).await.unwrap();
    let second = world.identify(None).await.unwrap();
    assert_eq!(
        refused(world.identify(None).await),
        (429, "1".to_owned()),
        "places"
    );
    drop((first, second));
    assert_eq!(refused(world.identify(None).await).0, 429, "rate");
    // Invalid credentials do not evade the limit; valid ones have a limit of their own.
    assert_eq!(refused(world.identify(Some("Bearer x")).await).0, 429);
    world.identify(Some(&basic("bob", "bob-pw"))).await.unwrap();
    world.clock.advance(Duration::from_secs(2));
    world.identify(None).await.unwrap();
}

#[tokio::test]
async fn certificates_identify_their_holders() {
    let world = world(
        |settings| {
            settings.certificates = Some(Certificates {
                user: CertificateField::CommonName,
                groups: Some(CertificateField::OrganizationalUnit),
                prefix: "cert:".to_owned(),
            });
        },
        RequestLimits::default(),
    );
    let mut parameters = rcgen::CertificateParams::new(vec!["dns.example.com".to_owned()]).unwrap();
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    let names = &mut parameters.distinguished_name;
    names.push(rcgen::DnType::CommonName, "robot");
    names.push(rcgen::DnType::OrganizationalUnitName, "ci");
    let certificate = parameters
        .self_signed(&rcgen::KeyPair::generate().unwrap())
        .unwrap();
    let parsed = ClientCertificate::parse(certificate.der()).unwrap();
    assert_eq!(parsed.only(CertificateField::Dns), Some("dns.example.com"));
    let mut holder = peer(1);
    holder.certificate = Some(Arc::new(parsed));
    let who = world
        .gate
        .identify(&head("GET", "/v2/", None), &holder)
        .await
        .unwrap();
    assert_eq!(
        (who.user(), who.method()),
        (Some("cert:robot"), Method::Certificate)
    );
    assert_eq!(who.groups(), ["cert:ci"]);
    world.gate.greet(&who).unwrap();
    // The credential of the request takes precedence.
    let head = head("GET", "/v2/", Some(&basic("bob", "bob-pw")));
    let who = world.gate.identify(&head, &holder).await.unwrap();
    assert_eq!(who.user(), Some("bob"));
    assert!(ClientCertificate::parse(b"\x30\x03abc").is_err());
}

#[tokio::test]
async fn challenges_name_the_registry_as_the_client_sees_it() {
    let realm = |gate: Gate, change: fn(&mut http::request::Parts), mut peer: crate::Peer, tls| async move {
        let mut head = head("GET", "/v2/", None);
        change(&mut head);
        peer.tls = tls;
        let nobody = gate.identify(&head, &peer).await.unwrap();
        refused(gate.greet(&nobody)).1
    };
    let plain = |_: &mut http::request::Parts| {};
    let says = |proto: &'static str| {
        move |head: &mut http::request::Parts| {
            head.headers
                .insert("x-forwarded-proto", proto.parse().unwrap());
        }
    };
    let _ = says;
    let rest = ",service=\"lazaret-registry\"";
    let at = |base: &str| format!("Bearer realm=\"{base}/auth/token\"{rest}");
    let host = "registry.example.com:5000";
    let gate = || with_tokens().gate;
    assert_eq!(
        realm(gate(), plain, peer(1), true).await,
        at(&format!("https://{host}"))
    );
    assert_eq!(
        realm(gate(), plain, peer(1), false).await,
        at(&format!("http://{host}"))
    );
    let forwarded: fn(&mut http::request::Parts) = |head| {
        head.headers
            .insert("x-forwarded-proto", "https".parse().unwrap());
        head.headers
            .insert("x-forwarded-for", "203.0.113.5".parse().unwrap());
    };
    let untrusted = realm(gate(), forwarded, peer(1), false).await;
    assert_eq!(
        untrusted,
        at(&format!("http://{host}")),
        "anybody can send a header"
    );
    let behind = || {
        world(
            |settings| {
                settings.tokens = Some(crate::Tokens::default());
                settings.trusted_proxies = vec!["192.0.2.1".parse().unwrap()];
            },
            RequestLimits::default(),
        )
        .gate
    };
    assert_eq!(
        realm(behind(), forwarded, peer(1), false).await,
        at(&format!("https://{host}"))
    );
    assert_eq!(
        realm(behind(), forwarded, peer(2), false).await,
        at(&format!("http://{host}"))
    );
    let mut head = head("GET", "/v2/", None);
    forwarded(&mut head);
    let who = behind().identify(&head, &peer(1)).await.unwrap();
    assert_eq!(who.address().to_string(), "203.0.113.5");
    // There is a usable challenge even when the host cannot be named.
    let broken: fn(&mut http::request::Parts) = |head| {
        head.headers.insert("host", "a b\"c".parse().unwrap());
    };
    assert!(
        realm(gate(), broken, peer(1), true)
            .await
            .starts_with("Basic ")
    );
}

#[test]
fn wrong_settings_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let open = |change: fn(&mut Settings)| {
        let mut settings = settings(folder.path());
        settings.api_keys = false;
        change(&mut settings);
        let gate = Gate::open(
            &settings,
            None,
            RequestLimits::default(),
            crate::Context::default(),
        );
        gate.map(drop).unwrap_err().to_string()
    };
    type Row = (fn(&mut Settings), &'static str);
    let table: [Row; 5] = [
        (
            |s| s.external_url = Some("ftp://x".to_owned()),
            "auth.external_url",
        ),
        (
            |s| s.external_url = Some("https://x/path".to_owned()),
            "auth.external_url",
        ),
        (|s| s.realm = "a\"b".to_owned(), "auth.realm"),
        (|s| s.api_keys = true, "auth.api_keys"),
        (
            |s| s.htpasswd.as_mut().unwrap().file = "/none".into(),
            "'/none'",
        ),
    ];
    for (change, expected) in table {
        let error = open(change);
        assert!(error.contains(expected), "{error}");
    }
}
