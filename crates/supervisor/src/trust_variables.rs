//! The variables by which programs of a guest find the authorities that they trust.

use lazaret_protocol::{AUTHORITY_FILE, BUNDLE_FILE};

/// Variables with the file of all that is trusted, by program: OpenSSL, Go and Python's httpx; requests; pip;
/// curl; git; cargo; AWS; Nix.
const REPLACING: [&str; 8] = [
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "PIP_CERT",
    "CURL_CA_BUNDLE",
    "GIT_SSL_CAINFO",
    "CARGO_HTTP_CAINFO",
    "AWS_CA_BUNDLE",
    "NIX_SSL_CERT_FILE",
];
/// Variables with a file of what is trusted too: Node, Deno.
const ADDING: [&str; 2] = ["NODE_EXTRA_CA_CERTS", "DENO_CERT"];

/// Each variable, and the file of ours that it names.
fn ours() -> impl Iterator<Item = (&'static str, &'static str)> {
    let replacing = REPLACING.iter().map(|name| (*name, BUNDLE_FILE));
    replacing.chain(ADDING.iter().map(|name| (*name, AUTHORITY_FILE)))
}

/// Adds those that are not there.
pub(crate) fn add(env: &mut Vec<String>) {
    for (name, value) in ours() {
        let names_it = |entry: &String| entry.split('=').next() == Some(name);
        if !env.iter().any(names_it) {
            env.push(format!("{name}={value}"));
        }
    }
}

/// The files that they name, other than ours: an image or its user has an authority of their own.
pub(crate) fn others(env: &[String]) -> Vec<String> {
    let mut files = Vec::new();
    for entry in env {
        let Some((name, file)) = entry.split_once('=') else {
            continue;
        };
        let is_other = ours().any(|(known, our)| known == name && our != file);
        if is_other && file.starts_with('/') && !files.iter().any(|known| known == file) {
            files.push(file.to_owned());
        }
    }
    files
}

#[cfg(test)]
mod tests;
