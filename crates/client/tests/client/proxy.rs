mod reach;
mod server;

use std::sync::Arc;
use std::time::Duration;

use lazaret_client::{Anonymous, Class, Client, Error, Options, Ping, Proxy};
use lazaret_values::Secret;

use self::server::{Kind, TestProxy};
use crate::support::{Answer, Peer, full, options};

/// base64 of `ada:hunter2`.
const BASIC: &str = "Basic YWRhOmh1bnRlcjI=";

/// Options with which `proxy` is used; `plain` hosts speak plain HTTP.
fn through(proxy: &TestProxy, plain: &[String]) -> Options {
    Options {
        plain_http: plain.to_vec(),
        proxy: Some(Proxy {
            url: proxy.url(),
            credentials: None,
            direct: Vec::new(),
            by_name: Vec::new(),
        }),
        ..options()
    }
}

async fn ping(options: Options, registry: &str) -> Result<Ping, Error> {
    let client = Client::new(options, Arc::new(Anonymous)).unwrap();
    client.ping(&registry.parse().unwrap()).await
}

/// `host` with the port of a peer.
fn at(host: &str, peer: &Peer) -> String {
    format!("{host}:{}", peer.address.port())
}

#[tokio::test]
async fn servers_of_plain_http_and_of_tls_are_reached_through_tunnels() {
    let proxy = TestProxy::start(Kind::Open).await;
    let plain = Peer::start(|_| Answer::new(200));
    let name = at("reg.test", &plain);
    let options = through(&proxy, std::slice::from_ref(&name));
    ping(options, &name).await.unwrap();
    assert_eq!(proxy.log(), [format!("CONNECT {name} -")]);
    assert_eq!(plain.seen()[0].header("host"), Some(name.as_str()));

    let (peer, pem) = Peer::start_tls(&["secure.test"], |_| Answer::new(200));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    std::fs::write(&path, pem).unwrap();
    let name = at("secure.test", &peer);
    let mut options = through(&proxy, &[]);
    options.extra_ca = vec![path];
    ping(options, &name).await.unwrap();
    assert_eq!(proxy.log()[1], format!("CONNECT {name} -"));
    assert_eq!(peer.log(), ["GET /v2/"]);
}

#[tokio::test]
async fn the_proxy_gets_its_credentials_and_nobody_else_does() {
    let proxy = TestProxy::start(Kind::Guarded(BASIC)).await;
    let peer = Peer::start(|_| Answer::new(200));
    let name = at("reg.test", &peer);
    let mut options = through(&proxy, std::slice::from_ref(&name));
    let error = ping(options.clone(), &name).await.unwrap_err();
    assert!(error.to_string().contains("wants credentials"), "{error}");
    let set = |options: &mut Options, text: &str| {
        options.proxy.as_mut().unwrap().credentials = Some(Secret::new(text));
    };
    set(&mut options, "ada:other2");
    let error = ping(options.clone(), &name).await.unwrap_err();
    assert_eq!(error.class(), Class::Unreachable);
    assert!(error.to_string().contains("does not accept"), "{error}");
    assert!(error.to_string().contains(&proxy.url()), "{error}");
    assert!(!full(&error).contains("other2"), "{error:?}");
    assert!(!format!("{options:?}").contains("other2"));
    assert_eq!(proxy.log().len(), 2, "another try would not help");
    set(&mut options, "ada:hunter2");
    ping(options, &name).await.unwrap();
    let seen = peer.seen();
    assert!(seen[0].header("proxy-authorization").is_none());
}

#[tokio::test]
async fn a_proxy_may_speak_tls() {
    let (proxy, pem) = TestProxy::start_tls(&["127.0.0.1"]).await;
    let peer = Peer::start(|_| Answer::new(200));
    let name = at("reg.test", &peer);
    let mut options = through(&proxy, std::slice::from_ref(&name));
    let error = ping(options.clone(), &name).await.unwrap_err();
    assert!(full(&error).contains("certificate"), "{error}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    std::fs::write(&path, pem).unwrap();
    options.extra_ca = vec![path];
    ping(options, &name).await.unwrap();
    assert_eq!(proxy.log(), [format!("CONNECT {name} -")]);
}

#[tokio::test]
async fn this_machine_and_the_listed_hosts_are_reached_directly() {
    let proxy = TestProxy::start(Kind::Open).await;
    let peer = Peer::start(|_| Answer::new(200));
    let options = through(&proxy, &[]);
    for host in ["127.0.0.1", "localhost"] {
        ping(options.clone(), &at(host, &peer)).await.unwrap();
    }
    // Nothing resolves below `.invalid`: a direct way ends there, the proxy has one.
    let name = at("a.reg.invalid", &peer);
    let mut options = through(&proxy, std::slice::from_ref(&name));
    options.retry.tries = 1;
    ping(options.clone(), &name).await.unwrap();
    assert_eq!(proxy.log().len(), 1);
    options.proxy.as_mut().unwrap().direct = vec![".reg.invalid".to_owned()];
    let error = ping(options, &name).await.unwrap_err();
    assert!(error.to_string().contains("name lookup"), "{error}");
    assert_eq!(proxy.log().len(), 1);
}

#[tokio::test]
async fn passing_failures_of_a_proxy_are_tried_again() {
    for (kind, words, tries) in [
        (Kind::Failing(503), "cannot reach reg.test:80", 5),
        (Kind::Failing(403), "opens no tunnel to reg.test:80", 1),
        (Kind::Failing(404), "opens no tunnel to reg.test:80", 1),
    ] {
        let proxy = TestProxy::start(kind).await;
        let options = through(&proxy, &["reg.test:80".to_owned()]);
        let error = ping(options, "reg.test:80").await.unwrap_err();
        assert_eq!(error.class(), Class::Unreachable);
        assert!(error.to_string().contains(words), "{error}");
        assert_eq!(proxy.log().len(), tries);
    }
}

#[tokio::test]
async fn a_proxy_that_is_silent_or_absent_is_given_up() {
    let proxy = TestProxy::start(Kind::Silent).await;
    let mut options = through(&proxy, &[]);
    options.retry.tries = 1;
    options.timeouts.connect = Duration::from_millis(200);
    let error = ping(options.clone(), "reg.test").await.unwrap_err();
    assert!(error.to_string().contains("no connection"), "{error}");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    options.proxy.as_mut().unwrap().url = url.clone();
    let error = ping(options, "reg.test").await.unwrap_err();
    assert_eq!(error.class(), Class::Unreachable);
    assert!(error.to_string().contains(&url), "{error}");
}

#[tokio::test]
async fn bad_settings_are_found_at_once() {
    let proxy = TestProxy::start(Kind::Open).await;
    let mut options = through(&proxy, &[]);
    options.proxy.as_mut().unwrap().direct = vec!["a b".to_owned()];
    let error = Client::new(options, Arc::new(Anonymous)).unwrap_err();
    assert_eq!(error.class(), Class::Local);
    assert!(error.to_string().contains("'a b'"), "{error}");
}
