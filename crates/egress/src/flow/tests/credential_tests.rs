//! Requests that get credentials.

use http_body_util::Full;
use lazaret_policy::Verdict;

use crate::message::{CredentialAnswer, Endpoint, Inject, Integration, IntegrationCredential};

use super::server;
use super::world::{Client, Settings, World, run, text};

fn integration(inject: Inject, format: Option<&str>) -> Integration {
    Integration {
        id: "service".to_owned(),
        endpoints: vec![Endpoint {
            host: "api.test".to_owned(),
            ports: Vec::new(),
        }],
        credentials: vec![IntegrationCredential {
            name: "token".to_owned(),
            inject,
            format: format.map(str::to_owned),
            placeholder: "lz-placeholder".to_owned(),
        }],
    }
}

async fn world(inject: Inject, format: Option<&str>) -> World {
    let world = World::new(Settings {
        integrations: vec![integration(inject, format)],
        ..Settings::default()
    });
    let config = world.authority.server("api.test", &["h2", "http/1.1"]);
    world.host("api.test", server::https(config).await);
    world
}

fn bearer() -> (Inject, Option<&'static str>) {
    (
        Inject::Header("authorization".to_owned()),
        Some("Bearer {}"),
    )
}

async fn client(world: &World, two: bool) -> Client {
    match two {
        true => world.https2("api.test").await,
        false => world.https("api.test").await,
    }
}

/// GETs a URL with one header, and gives this secret.
async fn get(
    world: &World,
    client: &mut Client,
    path: &str,
    header: (&str, &str),
    secret: &str,
) -> (u16, String) {
    let request = client
        .request("GET", &format!("https://api.test{path}"))
        .header(header.0, header.1)
        .body(Full::default())
        .unwrap();
    let given = CredentialAnswer::Secret(secret.to_owned());
    let (response, ()) = tokio::join!(client.send(request), world.give(given));
    text(response).await
}

#[test]
fn every_place_gets_the_secret() {
    run(async {
        let cases = [
            (
                bearer(),
                ("authorization", "Bearer lz-placeholder"),
                "/",
                "Bearer s3cret",
            ),
            (
                bearer(),
                ("accept", "*/*"),
                "/",
                "authorization: Bearer s3cret",
            ),
            (
                (Inject::Query("key".to_owned()), None),
                ("accept", "*/*"),
                "/x?a=1&key=lz%2Dplaceholder",
                "/x?a=1&key=s3cret",
            ),
            (
                (Inject::Basic("x-access-token".to_owned()), None),
                // x-access-token:lz-placeholder
                (
                    "authorization",
                    "Basic eC1hY2Nlc3MtdG9rZW46bHotcGxhY2Vob2xkZXI=",
                ),
                "/",
                // x-access-token:s3cret
                "authorization: Basic eC1hY2Nlc3MtdG9rZW46czNjcmV0",
            ),
        ];
        for ((inject, format), header, path, expected) in cases {
            for two in [false, true] {
                let world = world(inject.clone(), format).await;
                let mut client = client(&world, two).await;
                let (status, told) = get(&world, &mut client, path, header, "s3cret").await;
                assert_eq!(status, 200, "{told}");
                assert!(told.contains(expected), "{told}");
                assert!(!told.contains("placeholder"), "{told}");
                let decision = world.decision();
                assert_eq!(decision.credentials, ["service/token"]);
                assert_eq!(decision.verdict, Verdict::Allow);
                assert!(!format!("{decision:?}").contains("s3cret"));
            }
        }
    });
}

#[test]
fn a_secret_is_asked_for_with_each_request() {
    run(async {
        let (inject, format) = bearer();
        let world = world(inject, format).await;
        let mut client = client(&world, false).await;
        let header = ("accept", "*/*");
        let (_, told) = get(&world, &mut client, "/", header, "first").await;
        assert!(told.contains("Bearer first"), "{told}");
        let (_, told) = get(&world, &mut client, "/", header, "second").await;
        assert!(
            told.contains("Bearer second") && told.contains("request 2"),
            "{told}"
        );
        let missing = CredentialAnswer::Missing("it was taken back".to_owned());
        let (told, ()) = tokio::join!(client.get("https://api.test/"), world.give(missing));
        assert_eq!(told.0, 403);
        let told: serde_json::Value = serde_json::from_str(&told.1).unwrap();
        assert_eq!(told["rule"], "builtin:credential");
        assert_eq!(told["hint"], "lazaret connect service");
        assert_eq!(
            told["reason"],
            "no credential service/token: it was taken back"
        );
        assert_eq!(world.decisions()[2].verdict, Verdict::Deny);
    });
}

#[test]
fn another_value_in_the_place_is_refused_before_anybody_is_asked() {
    run(async {
        let (inject, format) = bearer();
        let world = world(inject, format).await;
        let mut client = client(&world, true).await;
        let request = client
            .request("GET", "https://api.test/")
            .header("authorization", "Bearer own")
            .body(Full::default())
            .unwrap();
        let (status, told) = text(client.send(request).await).await;
        assert_eq!(status, 403);
        assert!(
            told.contains("something else than the placeholder"),
            "{told}"
        );
        assert_eq!(world.decision().rule.0, "builtin:credential");
    });
}

#[test]
fn an_echoed_secret_becomes_the_placeholder() {
    run(async {
        let (inject, format) = bearer();
        let world = world(inject, format).await;
        let mut client = client(&world, true).await;
        let request = client
            .request("GET", "https://api.test/secret")
            .body(Full::default())
            .unwrap();
        let given = CredentialAnswer::Secret("s3cret".to_owned());
        let (response, ()) = tokio::join!(client.send(request), world.give(given));
        assert_eq!(
            response.headers()["x-echo-authorization"],
            "Bearer lz-placeholder"
        );
    });
}

#[test]
fn a_placeholder_elsewhere_passes_and_is_told() {
    run(async {
        let (inject, format) = bearer();
        let world = world(inject, format).await;
        let mut client = client(&world, false).await;
        let header = ("x-note", "about lz-placeholder");
        let (status, told) = get(&world, &mut client, "/", header, "s3cret").await;
        assert_eq!(status, 200);
        assert!(told.contains("x-note: about lz-placeholder"), "{told}");
        let reason = world.decision().reason.unwrap();
        assert!(reason.contains("the header x-note"), "{reason}");
        let request = client
            .request("POST", "https://api.test/echo")
            .body(Full::new(bytes::Bytes::from("it is lz-placeholder")))
            .unwrap();
        let given = CredentialAnswer::Secret("s3cret".to_owned());
        let (response, ()) = tokio::join!(client.send(request), world.give(given));
        assert_eq!(text(response).await.1, "it is lz-placeholder");
        let reason = world.decisions()[2].reason.clone().unwrap();
        assert!(reason.contains("in the body"), "{reason}");
    });
}

#[test]
fn no_secret_goes_to_a_server_that_is_not_verified_or_to_another_host() {
    run(async {
        let (inject, format) = bearer();
        let world = world(inject, format).await;
        let config = world.authority.server("evil.test", &["http/1.1"]);
        world.host("api.test", server::https(config).await);
        let mut tls = client(&world, false).await;
        // Nobody would answer a request for the secret.
        let (status, told) = tls.get("https://api.test/").await;
        assert_eq!(status, 502);
        assert!(told.contains("builtin:upstream-tls"), "{told}");
        world.host("pass.test", server::http(false).await);
        let (stream, _) = world.connect("pass.test", 80);
        let mut plain = Client::one(stream).await;
        let request = plain
            .request("GET", "http://pass.test/")
            .header("authorization", "Bearer lz-placeholder")
            .body(Full::default())
            .unwrap();
        let (status, told) = text(plain.send(request).await).await;
        assert_eq!(status, 200);
        assert!(told.contains("Bearer lz-placeholder"), "{told}");
    });
}
