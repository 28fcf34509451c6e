//! Tests libraries of other languages: oras for Python and docker-registry-client for Node.js.

use std::path::PathBuf;
use std::process::Command;

use lazaret_testing::program::finish;

use super::registry::Registry;
use super::scheme::Scheme;
use super::with_each_scheme;
use crate::support::tool;

/// The folder of clients that a script of the project installs.
fn installed(script: &str) -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let script = root.join("scripts").join(script);
    let folder = tool(script.to_str().unwrap(), &[]);
    root.join(folder.trim())
}

/// Runs a client with the registry's address, a user and a password, which may be empty, and more
/// arguments. It trusts the registry's authority.
fn run(registry: &Registry, mut command: Command, arguments: &[String]) {
    let authority = registry.certificates().join("ca.crt");
    let (user, password) = registry.login.clone().unwrap_or_default();
    command.args([&registry.address, &user, &password]);
    command.args(arguments);
    command.current_dir(registry.path(""));
    for variable in ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"] {
        command.env(variable, &authority);
    }
    command.env("HOME", registry.path(""));
    finish(command).success();
}

/// The folder of the Python that has the clients.
pub(crate) fn python_clients() -> PathBuf {
    installed("python-clients.sh")
}

/// Runs a script in the Python that has the clients.
pub(super) fn run_python(registry: &Registry, script: &str, arguments: &[String]) {
    let python = python_clients().join("bin/python3");
    let mut command = Command::new(python);
    command.args(["-c", script]);
    run(registry, command, arguments);
}

#[test]
fn oras_for_python_pushes_and_pulls() {
    with_each_scheme(&["127.0.0.1:0"], |registry, _| {
        // It has no client certificates.
        if registry.scheme != Scheme::Certificate {
            let scheme = format!("{:?}", registry.scheme);
            run_python(registry, include_str!("oras.py"), &[scheme]);
        }
    });
}

#[test]
fn docker_registry_client_pushes_and_reads() {
    let folder = installed("node-clients.sh");
    with_each_scheme(&["127.0.0.1:0"], |registry, _| {
        // It has no client certificates.
        if registry.scheme != Scheme::Certificate {
            let script = registry.path("client.js");
            std::fs::write(&script, include_str!("docker_registry_client.js")).unwrap();
            let mut command = Command::new("node");
            command
                .env("NODE_PATH", folder.join("node_modules"))
                .arg(script);
            run(registry, command, &[]);
        }
    });
}
