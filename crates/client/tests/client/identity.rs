use std::path::{Path, PathBuf};
use std::sync::Arc;

use lazaret_client::{Anonymous, Class, Client, ClientCertificate, Options, Ping};
use lazaret_oci::Registry;
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use crate::support::{Answer, AsRegistry as _, Peer, options};

/// An authority for servers and clients.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    der: CertificateDer<'static>,
    pem: String,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let made = params.self_signed(&key).unwrap();
        Self {
            der: made.der().clone(),
            pem: made.pem(),
            issuer: Issuer::new(params, key),
        }
    }

    fn issue(&self, name: &str, usage: ExtendedKeyUsagePurpose) -> (rcgen::Certificate, KeyPair) {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.extended_key_usages = vec![usage];
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.issuer).unwrap(), key)
    }

    /// A server that lets in clients of this authority alone.
    fn server(&self) -> Peer {
        let (certificate, key) = self.issue("127.0.0.1", ExtendedKeyUsagePurpose::ServerAuth);
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier.build().unwrap())
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
            )
            .unwrap();
        let config = Arc::new(config);
        let encrypted = move |stream| {
            let connection = ServerConnection::new(Arc::clone(&config)).ok()?;
            Some(StreamOwned::new(connection, stream))
        };
        Peer::start_over(encrypted, |_| (), |_, ()| Answer::new(200))
    }

    /// Writes a client's certificate and key.
    fn client(&self, folder: &Path, name: &str) -> ClientCertificate {
        let (certificate, key) = self.issue("client.test", ExtendedKeyUsagePurpose::ClientAuth);
        ClientCertificate {
            host: None,
            certificate: write(folder, &format!("{name}.crt"), &certificate.pem()),
            key: write(folder, &format!("{name}.key"), &key.serialize_pem()),
        }
    }
}

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn trusting(folder: &Path, authority: &Authority, own: Vec<ClientCertificate>) -> Options {
    Options {
        tls_all: true,
        extra_ca: vec![write(folder, "ca.pem", &authority.pem)],
        client_certificates: own,
        ..options()
    }
}

async fn ping(options: Options, registry: &Registry) -> Result<Ping, lazaret_client::Error> {
    let client = Client::new(options, Arc::new(Anonymous)).unwrap();
    client.ping(registry).await
}

#[tokio::test]
async fn a_certificate_proves_who_the_client_is() {
    let authority = Authority::new();
    let peer = authority.server();
    let folder = tempfile::tempdir().unwrap();
    let own = authority.client(folder.path(), "own");
    let with = |own: Vec<ClientCertificate>| trusting(folder.path(), &authority, own);
    ping(with(vec![own]), &peer.registry()).await.unwrap();
    assert_eq!(peer.log().len(), 1);
    let error = ping(with(Vec::new()), &peer.registry()).await.unwrap_err();
    assert_eq!(error.class(), Class::Unreachable, "{error}");
    let stranger = Authority::new().client(folder.path(), "stranger");
    let error = ping(with(vec![stranger]), &peer.registry()).await;
    assert_eq!(error.unwrap_err().class(), Class::Unreachable);
    assert_eq!(peer.log().len(), 1);
}

#[tokio::test]
async fn a_certificate_may_be_for_one_server() {
    let (first, second) = (Authority::new(), Authority::new());
    let (one, two) = (first.server(), second.server());
    let folder = tempfile::tempdir().unwrap();
    let mut own = first.client(folder.path(), "first");
    own.host = Some(one.address.to_string());
    let common = second.client(folder.path(), "second");
    let mut options = trusting(folder.path(), &first, vec![own, common]);
    let path = write(folder.path(), "second-ca.pem", &second.pem);
    options.extra_ca.push(path);
    ping(options.clone(), &one.registry()).await.unwrap();
    ping(options.clone(), &two.registry()).await.unwrap();
    // Without the common one, the other server is shown nothing.
    options.client_certificates.pop();
    ping(options.clone(), &one.registry()).await.unwrap();
    ping(options, &two.registry()).await.unwrap_err();
    assert_eq!((one.log().len(), two.log().len()), (2, 1));
}

#[tokio::test]
async fn one_file_may_hold_both_and_authorities_may_be_the_hosts_own() {
    let authority = Authority::new();
    let peer = authority.server();
    let folder = tempfile::tempdir().unwrap();
    let mut own = authority.client(folder.path(), "own");
    let both = [&own.key, &own.certificate].map(|path| std::fs::read_to_string(path).unwrap());
    own.key = write(folder.path(), "both.pem", &both.concat());
    own.certificate = own.key.clone();
    let place = folder.path().join(peer.address.to_string());
    std::fs::create_dir(&place).unwrap();
    write(&place, "ca.crt", &authority.pem);
    let options = Options {
        tls_all: true,
        certs_d: vec![folder.path().to_owned()],
        client_certificates: vec![own],
        ..options()
    };
    ping(options, &peer.registry()).await.unwrap();
}

#[test]
fn unusable_files_are_named_and_never_quoted() {
    let authority = Authority::new();
    let folder = tempfile::tempdir().unwrap();
    let own = authority.client(folder.path(), "own");
    let other = authority.client(folder.path(), "other");
    let junk = write(folder.path(), "junk", "hunter2");
    let broken = "-----BEGIN PRIVATE KEY-----\nhunter2!!\n-----END PRIVATE KEY-----\n";
    let broken = write(folder.path(), "broken", broken);
    let absent = folder.path().join("absent");
    let entry = |certificate: &PathBuf, key: &PathBuf, host: Option<&str>| ClientCertificate {
        host: host.map(str::to_owned),
        certificate: certificate.clone(),
        key: key.clone(),
    };
    let fails = |entries: Vec<ClientCertificate>, words: &str| {
        let options = Options {
            client_certificates: entries,
            ..options()
        };
        let error = Client::new(options, Arc::new(Anonymous)).unwrap_err();
        assert_eq!(error.class(), Class::Local);
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(words), "{words}: {shown}");
        assert!(!shown.contains("hunter2"), "{shown}");
    };
    fails(vec![entry(&absent, &own.key, None)], "absent");
    fails(vec![entry(&own.certificate, &absent, None)], "absent");
    fails(vec![entry(&junk, &own.key, None)], "no certificate in it");
    fails(vec![entry(&own.certificate, &junk, None)], "no private key");
    fails(vec![entry(&own.certificate, &broken, None)], "broken");
    fails(
        vec![entry(&own.certificate, &other.key, None)],
        "not the key of the certificate",
    );
    for host in ["", "a/b", "user@host", "host:0", "host:99999", "a b"] {
        let entry = entry(&own.certificate, &own.key, Some(host));
        fails(vec![entry], "is no host");
    }
    let twice = ["Reg.test", "reg.test:443"];
    let twice = twice.map(|host| entry(&own.certificate, &own.key, Some(host)));
    fails(twice.to_vec(), "two client certificates");
}
