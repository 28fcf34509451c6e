//! An issuer of OpenID Connect tokens, with just what a registry needs to verify them.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lazaret_testing::http::{Answer, Peer};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::json;

pub(super) struct Issuer {
    pub(super) url: String,
    key: Ed25519KeyPair,
}

impl Issuer {
    /// Serves the discovery document and the key until the tests end.
    pub(super) fn start() -> Self {
        let random = ring::rand::SystemRandom::new();
        let document = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
        let key = Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap();
        let public = URL_SAFE_NO_PAD.encode(key.public_key());
        let keys = json!({"keys": [
            {"kty": "OKP", "crv": "Ed25519", "x": public, "kid": "1", "use": "sig", "alg": "EdDSA"},
        ]});
        let peer = Peer::start_with(
            |host| {
                let url = format!("http://{host}");
                json!({"issuer": url, "jwks_uri": format!("{url}/keys")})
            },
            move |seen, discovery| match seen.path() {
                "/keys" => Answer::json(200, &keys.to_string()),
                _ => Answer::json(200, &discovery.to_string()),
            },
        );
        let url = peer.url();
        Self { url, key }
    }

    /// A token of the user `alice` for this audience.
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
