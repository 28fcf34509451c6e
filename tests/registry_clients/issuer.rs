//! An issuer of OpenID Connect tokens: enough of one for a registry to believe it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};

pub(super) struct Issuer {
    pub(super) url: String,
    key: Ed25519KeyPair,
}

impl Issuer {
    /// Serves its discovery document and its key until the tests end.
    pub(super) fn start() -> Self {
        let random = ring::rand::SystemRandom::new();
        let document = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
        let key = Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let discovery = json!({"issuer": url, "jwks_uri": format!("{url}/keys")});
        let public = URL_SAFE_NO_PAD.encode(key.public_key());
        let keys = json!({"keys": [
            {"kty": "OKP", "crv": "Ed25519", "x": public, "kid": "1", "use": "sig", "alg": "EdDSA"},
        ]});
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                answer(stream, &discovery, &keys);
            }
        });
        Self { url, key }
    }

    /// A token of the user `alice` for an audience.
    pub(super) fn token(&self, audience: &str) -> String {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs();
        let header = json!({"alg": "EdDSA", "kid": "1", "typ": "JWT"});
        let claims = json!({
            "iss": self.url, "sub": "alice", "aud": audience, "iat": now, "exp": now + 3600,
        });
        let [header, claims] =
            [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        let signed = format!("{header}.{claims}");
        let signature = self.key.sign(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn answer(mut stream: TcpStream, discovery: &Value, keys: &Value) {
    let mut lines = BufReader::new(&stream).lines();
    let request = lines.next().and_then(Result::ok).unwrap_or_default();
    // The head ends with an empty line, or with the connection.
    for line in lines {
        if line.map_or(true, |line| line.is_empty()) {
            break;
        }
    }
    let body = match request.split(' ').nth(1) {
        Some("/keys") => keys.to_string(),
        _ => discovery.to_string(),
    };
    // Whoever is gone needs no answer.
    let _ = write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
}
