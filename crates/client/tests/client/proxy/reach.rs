//! Servers that point elsewhere, through a proxy that would reach anything.

use std::sync::Arc;

use lazaret_client::{Class, Client, Error, Options};
use lazaret_oci::{Descriptor, Reference, media_type};

use super::server::{Kind, TestProxy};
use super::{at, through};
use crate::support::{Answer, Everywhere, Peer, Seen, basic};

const CONTENT: &[u8] = b"content";

/// A registry `reg.test` that sends its clients to `target` for blobs.
fn registry(target: String) -> (Peer, String) {
    let peer = Peer::start(move |_| Answer::new(307).with("Location", target.clone()));
    let name = at("reg.test", &peer);
    (peer, name)
}

/// A server with the content, wherever it is looked for.
fn storage() -> Peer {
    Peer::start(|_| Answer::new(200).body(CONTENT))
}

async fn pull(options: Options, registry: &str) -> Result<Vec<u8>, Error> {
    let client = Client::new(options, Arc::new(Everywhere(basic()))).unwrap();
    let reference: Reference = format!("{registry}/team/app").parse().unwrap();
    let blob = Descriptor::of(media_type::LAYER, CONTENT);
    client.blob_bytes(&reference, &blob, 100).await
}

/// Pulls a blob from a registry that points to `host`, which is allowed to use plain HTTP.
async fn pointed(proxy: &TestProxy, host: &str, by_name: &[&str]) -> Result<Vec<u8>, Error> {
    let storage = storage();
    let target = at(host, &storage);
    let (_registry, name) = registry(format!("http://{target}/x"));
    let mut options = through(proxy, &[name.clone(), target]);
    let by_name = by_name.iter().map(ToString::to_string).collect();
    options.proxy.as_mut().unwrap().by_name = by_name;
    pull(options, &name).await
}

#[tokio::test]
async fn no_server_points_into_networks_near_the_proxy() {
    for host in [
        // Addresses.
        "10.0.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "[fd00::1]",
        "[::ffff:10.0.0.1]",
        // Addresses in disguise: of 10.0.0.1 and of a metadata service.
        "167772161",
        "0xa9fea9fe",
        // This machine, which is reached directly.
        "127.0.0.1",
        "localhost",
        "2130706433",
        // Names that only the proxy might know.
        "vault.internal.invalid",
        "registry.invalid",
    ] {
        let proxy = TestProxy::start(Kind::Open).await;
        let error = pointed(&proxy, host, &[]).await.unwrap_err();
        assert_eq!(error.class(), Class::Protocol, "{host}: {error}");
        assert!(error.to_string().contains("is out of bounds"), "{error}");
        let log = proxy.log();
        assert_eq!(log.len(), 1, "{host}: {log:?}");
        assert!(log[0].starts_with("CONNECT reg.test:"), "{log:?}");
    }
}

#[tokio::test]
async fn a_public_address_is_reached_and_a_name_is_by_its_address() {
    for (host, asked) in [
        ("8.8.8.8", "8.8.8.8"),
        ("[2606:4700::1]", "[2606:4700::1]"),
        // It is looked up without a network.
        ("134744072", "8.8.8.8"),
    ] {
        let proxy = TestProxy::start(Kind::Open).await;
        let found = pointed(&proxy, host, &[]).await.unwrap();
        assert_eq!(found, CONTENT);
        let log = proxy.log();
        assert!(log[1].starts_with(&format!("CONNECT {asked}:")), "{log:?}");
    }
}

#[tokio::test]
async fn the_operator_may_let_the_proxy_look_names_up() {
    for (host, by_name) in [
        ("cdn.invalid", "cdn.invalid"),
        ("a.cdn.invalid", ".cdn.invalid"),
        ("10.0.0.1", "10.0.0.0/8"),
    ] {
        let proxy = TestProxy::start(Kind::Open).await;
        let found = pointed(&proxy, host, &[by_name]).await.unwrap();
        assert_eq!(found, CONTENT, "{host}");
        let log = proxy.log();
        assert!(log[1].starts_with(&format!("CONNECT {host}:")), "{log:?}");
    }
    let proxy = TestProxy::start(Kind::Open).await;
    let found = pointed(&proxy, "other.invalid", &["cdn.invalid"]).await;
    assert_eq!(found.unwrap_err().class(), Class::Protocol);
}

#[tokio::test]
async fn a_server_may_point_to_itself() {
    let proxy = TestProxy::start(Kind::Open).await;
    let peer = Peer::start(|seen: &Seen| {
        let host = seen.header("host").unwrap_or_default();
        match (seen.path(), seen.header("authorization")) {
            ("/token", _) => Answer::json(200, r#"{"token":"t0k3n"}"#),
            ("/stored", _) => Answer::new(200).body(CONTENT),
            (_, Some("Bearer t0k3n")) => Answer::new(307).with("Location", "/stored"),
            _ => Answer::new(401).with(
                "WWW-Authenticate",
                format!(r#"Bearer realm="http://{host}/token""#),
            ),
        }
    });
    let name = at("only-the-proxy-knows.invalid", &peer);
    let options = through(&proxy, std::slice::from_ref(&name));
    assert_eq!(pull(options, &name).await.unwrap(), CONTENT);
    assert_eq!(peer.log().len(), 4);
    assert!(proxy.log().iter().all(|line| line.contains(&name)));
}

#[tokio::test]
async fn the_way_back_to_a_registry_is_none_for_others() {
    // Another server, which the operator let the proxy look up, points to the registry's name.
    let peer = Peer::start(|_| Answer::new(200).body(CONTENT));
    let inner = at("inner.invalid", &peer);
    let target = format!("http://{inner}/x");
    let (other, _) = registry(target);
    let cdn = at("cdn.invalid", &other);
    let (_first, name) = registry(format!("http://{cdn}/y"));
    let proxy = TestProxy::start(Kind::Open).await;
    let mut options = through(&proxy, &[name.clone(), cdn, inner]);
    options.proxy.as_mut().unwrap().by_name = vec!["cdn.invalid".to_owned()];
    let error = pull(options, &name).await.unwrap_err();
    assert!(error.to_string().contains("is out of bounds"), "{error}");
    assert!(peer.log().is_empty());
}

#[tokio::test]
async fn direct_hosts_are_checked_as_without_a_proxy() {
    let proxy = TestProxy::start(Kind::Open).await;
    let storage = storage();
    let target = at("127.0.0.2", &storage);
    let (_registry, name) = registry(format!("http://{target}/x"));
    let mut options = through(&proxy, &[name.clone(), target]);
    options.proxy.as_mut().unwrap().direct = vec!["127.0.0.0/8".to_owned()];
    let error = pull(options, &name).await.unwrap_err();
    assert!(error.to_string().contains("is out of bounds"), "{error}");
    assert!(storage.log().is_empty());
}
