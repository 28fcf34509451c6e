//! Runs a registry with TLS, as operators start it.

use std::path::{Path, PathBuf};

use lazaret_testing::server::Server;

use super::issuer::Issuer;
use super::scheme::{self, Login, Scheme};
use crate::support::World;

/// The registry's host name for dockerd, which would trust any certificate at a loopback address.
pub(super) const NAME: &str = "registry.test";

/// A certificate authority.
pub(super) struct Authority {
    issuer: rcgen::Issuer<'static, rcgen::KeyPair>,
}

impl Authority {
    fn new(file: &Path) -> Self {
        let mut parameters = rcgen::CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        // OpenSSL takes a certificate whose issuer has its own name for a self-signed one.
        let name = &mut parameters.distinguished_name;
        name.push(rcgen::DnType::CommonName, "test authority");
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = parameters.self_signed(&key).unwrap();
        std::fs::write(file, certificate.pem()).unwrap();
        let issuer = rcgen::Issuer::new(parameters, key);
        Self { issuer }
    }

    pub(super) fn issue(
        &self,
        parameters: rcgen::CertificateParams,
        certificate: &Path,
        key: &Path,
    ) {
        let pair = rcgen::KeyPair::generate().unwrap();
        let signed = parameters.signed_by(&pair, &self.issuer).unwrap();
        std::fs::write(certificate, signed.pem()).unwrap();
        std::fs::write(key, pair.serialize_pem()).unwrap();
    }
}

/// A running registry, which is killed when dropped.
pub(super) struct Registry {
    /// The first of its addresses.
    pub(super) address: String,
    pub(super) addresses: Vec<String>,
    pub(super) login: Option<Login>,
    pub(super) scheme: Scheme,
    // Declared before `world`, so that it ends before its folder is removed.
    _server: Server,
    world: World,
}

impl Registry {
    /// Starts a registry at these addresses, such as `127.0.0.1:0`.
    pub(super) fn start(scheme: Scheme, listen: &[&str]) -> Self {
        let world = World::new();
        let certificates = world.path("certificates");
        std::fs::create_dir_all(&certificates).unwrap();
        let authority = Authority::new(&certificates.join("ca.crt"));
        let names = ["127.0.0.1", "::1", "localhost", NAME].map(str::to_owned);
        authority.issue(
            rcgen::CertificateParams::new(names.to_vec()).unwrap(),
            &world.path("server.pem"),
            &world.path("server.key"),
        );
        let client_ca = match scheme {
            Scheme::Certificate => {
                scheme::write_client_certificate(&authority, &certificates);
                "client_ca = \"certificates/ca.crt\"\n"
            }
            _ => "",
        };
        let issuer = Issuer::start();
        let own = scheme.settings(&world.path(""), &issuer);
        let settings = world.write(
            "registry.toml",
            format!(
                "listen = {listen:?}\nroot = \"data\"\n[tls]\n\
                 certificate = \"server.pem\"\nkey = \"server.key\"\n{client_ca}{own}"
            ),
        );
        let lazaret = world.lazaret();
        let mut command = lazaret.command(["serve", "--config", settings.to_str().unwrap()]);
        let started = Server::announced(&mut command, &world.path("registry.log"), listen.len());
        let (server, lines) = started.unwrap_or_else(|failure| panic!("{failure}"));
        let addresses: Vec<String> = lines
            .iter()
            .map(|line| line.replace("listening on https://", ""))
            .collect();
        let login = scheme.login(&lazaret, &settings, &issuer);
        Self {
            address: addresses[0].clone(),
            addresses,
            login,
            scheme,
            _server: server,
            world,
        }
    }

    /// The folder with `ca.crt` and, for client certificates, `client.cert` and `client.key`.
    pub(super) fn certificates(&self) -> PathBuf {
        self.world.path("certificates")
    }

    /// Whether no login is needed.
    pub(super) fn is_open(&self) -> bool {
        self.scheme == Scheme::Open
    }

    /// `user:password`, if there is a login with a password.
    pub(super) fn credentials(&self) -> Option<String> {
        let (user, password) = self.login.as_ref()?;
        Some(format!("{user}:{password}"))
    }

    /// The flags by which podman and buildah trust the registry and log in.
    pub(super) fn flags(&self) -> Vec<String> {
        let certificates = self.certificates().to_str().unwrap().to_owned();
        let mut flags = vec!["--cert-dir".to_owned(), certificates];
        if let Some(credentials) = self.credentials() {
            flags.extend(["--creds".to_owned(), credentials]);
        }
        flags
    }

    /// A path for a client's files.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.world.path(name)
    }
}
