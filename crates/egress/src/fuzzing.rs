//! Entry points for the fuzz targets: what hostile guests say, with properties of what is made of it.

use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue};
use rustls::server::Acceptor;

use crate::desk::Secret;
use crate::inject;
use crate::message::{Inject, Integration, IntegrationCredential};
use crate::sniff::{Sniffed, Spoken, asks_again, sniff};

/// A secret that no input has by chance.
const SECRET: &str = "s3cret-of-the-fuzzer";

/// A placeholder that seeds have.
const PLACEHOLDER: &str = "lz-placeholder";

/// Looks at the first bytes of a client. What is known does not change with more bytes, and another
/// implementation of TLS reads the same name.
pub fn hello(bytes: &[u8]) {
    let _ = asks_again(bytes);
    let whole = sniff(bytes);
    if whole == Sniffed::More {
        return;
    }
    let pieces = [1, 5, 9, bytes.len() / 2, bytes.len().saturating_sub(1)];
    for end in pieces {
        if let Some(start) = bytes.get(..end) {
            let early = sniff(start);
            assert!(early == Sniffed::More || early == whole);
        }
    }
    let Sniffed::Is(Spoken::Tls(hello)) = whole else {
        return;
    };
    assert!(hello.bytes <= bytes.len());
    let mut acceptor = Acceptor::default();
    let mut message = &bytes[..hello.bytes];
    while !message.is_empty() {
        if acceptor.read_tls(&mut message).is_err() {
            return;
        }
        match acceptor.accept() {
            Ok(Some(accepted)) => {
                let theirs = accepted.client_hello();
                // Whatever is no name at all is left out by one and refused by the other.
                if let Some(theirs) = theirs.server_name() {
                    let theirs = theirs.trim_end_matches('.').to_ascii_lowercase();
                    assert_eq!(hello.server_name.as_deref(), Some(theirs.as_str()));
                }
                return;
            }
            Ok(None) => {}
            Err(_) => return,
        }
    }
}

/// Puts credentials into a request: the first line is its target, the others are headers. A secret is
/// only where it belongs, and goes nowhere without a plan.
pub fn request(bytes: &[u8]) {
    let _ = sniff(bytes);
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let Ok(target) = PathAndQuery::try_from(lines.next().unwrap_or_default()) else {
        return;
    };
    let mut headers = HeaderMap::new();
    for line in lines.take(64) {
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let name = HeaderName::from_bytes(parts.next().unwrap_or_default());
        let value = HeaderValue::from_bytes(parts.next().unwrap_or_default().trim_ascii());
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    for integration in integrations() {
        let Ok(planned) = inject::plan(&integration, &target, &headers) else {
            continue;
        };
        let (mut target, mut headers) = (target.clone(), headers.clone());
        let secret = Secret::new(SECRET);
        for credential in planned {
            if inject::apply(credential, &secret, &mut target, &mut headers).is_err() {
                return;
            }
        }
        let _ = inject::leftovers(&integration, &target, &headers);
        inject::conceal(&[(secret, PLACEHOLDER.to_owned())], &mut headers);
        for value in headers.values() {
            let bytes = value.as_bytes();
            let secret = SECRET.as_bytes();
            assert!(!bytes.windows(secret.len()).any(|window| window == secret));
        }
    }
}

/// An integration for each place.
fn integrations() -> Vec<Integration> {
    let places = [
        (
            Inject::Header("authorization".to_owned()),
            Some("Bearer {}"),
        ),
        (Inject::Header("x-api-key".to_owned()), None),
        (Inject::Query("key".to_owned()), None),
        (Inject::Basic("x-access-token".to_owned()), None),
    ];
    let integrations = places.map(|(inject, format)| Integration {
        id: "service".to_owned(),
        endpoints: Vec::new(),
        credentials: vec![IntegrationCredential {
            name: "token".to_owned(),
            inject,
            format: format.map(str::to_owned),
            placeholder: PLACEHOLDER.to_owned(),
        }],
    });
    integrations.to_vec()
}

#[cfg(test)]
mod tests;
