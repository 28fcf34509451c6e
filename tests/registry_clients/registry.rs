//! A registry with TLS, as its operators start it.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use super::issuer::Issuer;
use super::scheme::{self, Login, Scheme};
use crate::support::World;

/// The name by which dockerd knows the registry: it trusts whatever is at a loopback address.
pub(super) const NAME: &str = "registry.test";

/// An authority of certificates.
pub(super) struct Authority {
    issuer: rcgen::Issuer<'static, rcgen::KeyPair>,
}

impl Authority {
    fn new(file: &Path) -> Self {
        let mut parameters = rcgen::CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
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

/// A running registry. Dropping it kills it.
pub(super) struct Registry {
    /// The first of the addresses.
    pub(super) address: String,
    pub(super) addresses: Vec<String>,
    pub(super) login: Option<Login>,
    scheme: Scheme,
    world: World,
    process: Child,
}

impl Registry {
    /// Starts a registry on addresses, such as `127.0.0.1:0`.
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
        let mut process = lazaret
            .command(["serve", "--config", settings.to_str().unwrap()])
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(world.path("registry.log")).unwrap())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let addresses: Vec<String> = lines
            .take(listen.len())
            .map(|line| line.unwrap().replace("listening on https://", ""))
            .collect();
        if addresses.len() < listen.len() {
            let _ = process.kill();
            let log = std::fs::read_to_string(world.path("registry.log")).unwrap();
            panic!("the registry did not start:\n{log}");
        }
        let login = scheme.login(&lazaret, &settings, &issuer);
        Self {
            address: addresses[0].clone(),
            addresses,
            login,
            scheme,
            world,
            process,
        }
    }

    /// Folder with `ca.crt` and, if clients show one, `client.cert` and `client.key`.
    pub(super) fn certificates(&self) -> PathBuf {
        self.world.path("certificates")
    }

    /// Whether nobody has to say who one is.
    pub(super) fn is_open(&self) -> bool {
        self.scheme == Scheme::Open
    }

    /// `user:password`, if there is a login.
    pub(super) fn credentials(&self) -> Option<String> {
        let (user, password) = self.login.as_ref()?;
        Some(format!("{user}:{password}"))
    }

    /// A place for a client's files.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.world.path(name)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        // It is ours, and it may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.world.path("registry.log"));
            eprintln!("the registry's log:\n{}", log.unwrap_or_default());
        }
    }
}
