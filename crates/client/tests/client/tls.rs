use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;

use lazaret_client::{Anonymous, Cause, Class, Client, Error, Options, Ping};
use lazaret_oci::Registry;

use crate::support::{
    Answer, AsRegistry as _, Peer, Seen, basic, client_with, manifest_json, options,
};

/// A TLS server with its own certificate for 127.0.0.1, and that certificate as PEM.
fn start(answer: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> (Registry, String) {
    let (peer, pem) = Peer::start_tls(&["127.0.0.1", "localhost"], answer);
    (peer.registry(), pem)
}

/// Trusts `pem` and reaches `registry` over TLS although it is loopback.
fn trusting(registry: &Registry, pem: Option<&str>) -> (Options, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let mut options = options();
    options.tls = vec![registry.to_string()];
    if let Some(pem) = pem {
        let path = folder.path().join("ca.pem");
        std::fs::write(&path, pem).unwrap();
        options.extra_ca = vec![path];
    }
    (options, folder)
}

#[tokio::test]
async fn an_extra_authority_is_trusted_and_others_are_not() {
    let (registry, pem) = start(|_| Answer::new(200));
    let (good, _folder) = trusting(&registry, Some(&pem));
    let client = Client::new(good, Arc::new(Anonymous)).unwrap();
    assert_eq!(client.ping(&registry).await.unwrap(), Ping::Open);
    let (bare, _folder) = trusting(&registry, None);
    let client = Client::new(bare, Arc::new(Anonymous)).unwrap();
    let error = client.ping(&registry).await.unwrap_err();
    assert_eq!(error.class(), Class::Unreachable);
    assert!(error.to_string().contains("certificate"), "{error}");
}

#[tokio::test]
async fn a_registry_may_have_an_authority_of_its_own() {
    let (registry, pem) = start(|_| Answer::new(200));
    let (mut options, folder) = trusting(&registry, None);
    options.tls.clear();
    options.tls_all = true;
    options.certs_d = vec![folder.path().to_owned()];
    let place = folder.path().join(registry.to_string());
    std::fs::create_dir(&place).unwrap();
    std::fs::write(place.join("ca.crt"), &pem).unwrap();
    let client = Client::new(options.clone(), Arc::new(Anonymous)).unwrap();
    assert_eq!(client.ping(&registry).await.unwrap(), Ping::Open);
    // A file that is none is an error, not a reason to trust less than was asked for.
    std::fs::write(place.join("other.crt"), "no certificate").unwrap();
    let client = Client::new(options, Arc::new(Anonymous)).unwrap();
    let error = client.ping(&registry).await.unwrap_err();
    assert!(error.to_string().contains("other.crt"), "{error}");
}

#[tokio::test]
async fn an_http_server_on_an_https_address_is_explained() {
    // The answer of real servers to a handshake that they cannot read.
    let refusing = |mut stream: TcpStream| {
        let _ = stream.read(&mut [0; 16]);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
        None::<TcpStream>
    };
    let peer = Peer::start_over(refusing, |_| (), |_, ()| unreachable!("no request comes"));
    let registry = peer.registry();
    let (tls, _folder) = trusting(&registry, None);
    let client = Client::new(tls, Arc::new(Anonymous)).unwrap();
    let error = client.ping(&registry).await.unwrap_err();
    assert_eq!(error.class(), Class::Unreachable);
    assert!(
        error
            .to_string()
            .contains("HTTP response to an HTTPS client"),
        "{error}"
    );
    assert!(
        matches!(
            error,
            Error::Unreachable {
                cause: Cause::PlainServer,
                ..
            }
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn tls_is_never_turned_off() {
    let plain = Peer::start(|_| Answer::new(200).body(manifest_json().as_bytes()));
    let target = format!("{}/x", plain.url());
    let realm = plain.url();
    let (registry, pem) = start(move |seen| match (seen.method.as_str(), seen.path()) {
        ("HEAD", _) => Answer::new(404),
        ("POST", _) => Answer::new(202).with("Location", target.clone()),
        (_, path) if path.contains("/guarded/") => Answer::new(401).with(
            "WWW-Authenticate",
            format!(r#"Bearer realm="{realm}/token""#),
        ),
        _ => Answer::new(307).with("Location", target.clone()),
    });
    let (options, _folder) = trusting(&registry, Some(&pem));
    let client = Client::new(options, Arc::new(crate::support::Everywhere(basic()))).unwrap();
    let reference = |name: &str| format!("{registry}/{name}:v1").parse().unwrap();
    let errors = [
        client.manifest(&reference("redirected")).await.unwrap_err(),
        client
            .manifest(&reference("x/guarded/y"))
            .await
            .unwrap_err(),
        client
            .push_blob(
                &reference("upload"),
                &lazaret_oci::Descriptor::empty(),
                &lazaret_client::BytesSource(b"{}".as_slice().into()),
                &lazaret_client::PushBlob::default(),
            )
            .await
            .unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.class(), Class::Protocol, "{error}");
        assert!(error.to_string().contains("turns TLS off"), "{error}");
    }
    assert!(plain.log().is_empty());
}

#[tokio::test]
async fn names_that_only_look_like_loopback_are_reached_over_tls() {
    // Nothing resolves below `.invalid`; the message shows which scheme was tried.
    for name in [
        "localhost.evil.invalid",
        "127.0.0.1.evil.invalid",
        "notlocalhost.invalid",
    ] {
        let mut options = options();
        options.retry.tries = 1;
        let client = Client::new(options, Arc::new(Anonymous)).unwrap();
        let error = client.ping(&name.parse().unwrap()).await.unwrap_err();
        assert_eq!(error.class(), Class::Unreachable, "{error}");
    }
    drop(client_with(basic()));
}

#[tokio::test]
async fn bad_authority_files_are_named() {
    for content in [
        None,
        Some("no certificate"),
        Some("-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        if let Some(content) = content {
            std::fs::write(&path, content).unwrap();
        }
        let mut options = options();
        options.extra_ca = vec![path];
        let error = Client::new(options, Arc::new(Anonymous)).unwrap_err();
        assert_eq!(error.class(), Class::Local);
        assert!(error.to_string().contains("ca.pem"), "{error}");
    }
}
