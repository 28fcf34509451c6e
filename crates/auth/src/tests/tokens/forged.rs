//! Tests of tokens that somebody else made or changed.

use super::*;

/// The keys of the gate's own key file, which an attacker does not have.
fn signer(world: &World) -> Keys {
    let path = world.folder.path().join("auth/token-key.pem");
    Keys::read(Some(&path), std::iter::empty()).unwrap_or_else(|error| panic!("{error:?}"))
}

fn claims(world: &World) -> Claims {
    let now = crate::jwt::since_epoch(world.clock.now()).as_secs();
    let claims = json!({
        "iss": "lazaret", "sub": "alice", "aud": "lazaret-registry",
        "iat": now, "nbf": now, "exp": now + 300, "jti": "1",
        "access": [{"type": "repository", "name": "alice/app", "actions": ["pull"]}],
    });
    claims.as_object().unwrap().clone()
}

fn raw(header: &Value, claims: &Claims, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let claims = serde_json::to_vec(claims).unwrap();
    let signed = format!(
        "{}.{}",
        encode(header.to_string().as_bytes()),
        encode(&claims)
    );
    format!("{signed}.{}", encode(&sign(signed.as_bytes())))
}

#[tokio::test]
async fn forged_tokens_are_refused() {
    let world = with_tokens();
    let keys = signer(&world);
    let good = claims(&world);
    let accepted = keys.sign("JWT", &good);
    world
        .identify(Some(&bearer(&accepted)))
        .await
        .expect("the table starts from a good token");
    let with = |change: fn(&mut Claims)| {
        let mut claims = good.clone();
        change(&mut claims);
        keys.sign("JWT", &claims)
    };
    let PublicKey::Ed25519(public) = keys.public() else {
        panic!("the key made by default is Ed25519");
    };
    let shared = |secret: Vec<u8>| {
        move |message: &[u8]| {
            let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
            hmac::sign(&key, message).as_ref().to_vec()
        }
    };
    let pem = fs::read(world.folder.path().join("auth/token-key.pem")).unwrap();
    let other = tempfile::tempdir().unwrap();
    let path = other.path().join("key.pem");
    crate::keys::ensure(&path).unwrap();
    let stranger = Keys::read(Some(&path), std::iter::empty()).unwrap_or_else(|e| panic!("{e:?}"));
    let nothing = |_: &[u8]| Vec::new();
    let id = keys.id();
    let stolen_id = |alg: &str| json!({"alg": alg, "kid": id, "typ": "JWT"});
    let parts: Vec<&str> = accepted.split('.').collect();
    let foreign_claims = {
        let mut claims = good.clone();
        claims.insert("sub".to_owned(), json!("bob"));
        encode(&serde_json::to_vec(&claims).unwrap())
    };
    let table = [
        ("alg none", raw(&stolen_id("none"), &good, nothing)),
        ("alg None", raw(&stolen_id("None"), &good, nothing)),
        ("no signature", format!("{}.{}.", parts[0], parts[1])),
        (
            "public key as secret",
            raw(&stolen_id("HS256"), &good, shared(public.clone())),
        ),
        (
            "public key as secret, alg kept",
            raw(&stolen_id("EdDSA"), &good, shared(public.clone())),
        ),
        (
            "file as secret",
            raw(&stolen_id("HS256"), &good, shared(pem)),
        ),
        (
            "another algorithm",
            raw(&stolen_id("ES256"), &good, |_| vec![0; 64]),
        ),
        (
            "zero signature",
            raw(&stolen_id("EdDSA"), &good, |_| vec![0; 64]),
        ),
        ("stranger's key", stranger.sign("JWT", &good)),
        (
            "no key id",
            raw(&json!({"alg": "EdDSA", "typ": "JWT"}), &good, nothing),
        ),
        (
            "key id as path",
            raw(
                &json!({"alg": "EdDSA", "kid": "../../auth/token-key.pem", "typ": "JWT"}),
                &good,
                nothing,
            ),
        ),
        (
            "key id as list",
            raw(
                &json!({"alg": "EdDSA", "kid": [id], "typ": "JWT"}),
                &good,
                nothing,
            ),
        ),
        (
            "key in the header",
            raw(
                &json!({"alg": "EdDSA", "typ": "JWT", "kid": stranger.id(),
            "jwk": {"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}, "jku": "http://192.0.2.1/"}),
                &good,
                nothing,
            ),
        ),
        (
            "critical extension",
            raw(
                &json!({"alg": "EdDSA", "kid": id, "typ": "JWT", "crit": ["b64"], "b64": false}),
                &good,
                nothing,
            ),
        ),
        (
            "claims swapped",
            format!("{}.{foreign_claims}.{}", parts[0], parts[2]),
        ),
        ("four parts", format!("{accepted}.x")),
        ("two parts", format!("{}.{}", parts[0], parts[2])),
        ("padding", format!("{accepted}=")),
        ("refresh kind", keys.sign("refresh+jwt", &good)),
        ("no kind", keys.sign("", &good)),
        (
            "wrong audience",
            with(|c| drop(c.insert("aud".to_owned(), json!("other-registry")))),
        ),
        ("no audience", with(|c| drop(c.remove("aud")))),
        (
            "refresh audience",
            with(|c| drop(c.insert("aud".to_owned(), json!("lazaret-registry/auth/token")))),
        ),
        (
            "wrong issuer",
            with(|c| drop(c.insert("iss".to_owned(), json!("other")))),
        ),
        ("no issuer", with(|c| drop(c.remove("iss")))),
        ("no end", with(|c| drop(c.remove("exp")))),
        (
            "end as text",
            with(|c| drop(c.insert("exp".to_owned(), json!("9999999999")))),
        ),
        (
            "negative end",
            with(|c| drop(c.insert("exp".to_owned(), json!(-1)))),
        ),
        (
            "ended",
            with(|c| drop(c.insert("exp".to_owned(), json!(1000)))),
        ),
        (
            "far future",
            with(|c| drop(c.insert("nbf".to_owned(), json!(9_999_999_999_u64)))),
        ),
        (
            "made in the future",
            with(|c| drop(c.insert("iat".to_owned(), json!(9_999_999_999_u64)))),
        ),
        ("no subject", with(|c| drop(c.remove("sub")))),
        (
            "access as text",
            with(|c| drop(c.insert("access".to_owned(), json!("*")))),
        ),
        (
            "groups as text",
            with(|c| drop(c.insert("groups".to_owned(), json!("admins")))),
        ),
    ];
    for (attack, token) in table {
        assert_eq!(
            refused(world.identify(Some(&bearer(&token))).await).0,
            401,
            "{attack}"
        );
    }
}

/// A flipped bit is noticed at any position.
#[tokio::test]
async fn changed_tokens_are_refused() {
    let world = with_tokens();
    let token = world
        .token(SCOPE, Some(&basic("alice", "alice-pw")))
        .await
        .unwrap()
        .token;
    let decode = |part: &str| {
        base64::engine::general_purpose::URL_SAFE_NO_PAD
            .decode(part)
            .unwrap()
    };
    let parts: Vec<Vec<u8>> = token.split('.').map(decode).collect();
    for (part, bytes) in parts.iter().enumerate() {
        for position in 0..bytes.len() {
            let mut changed = parts.clone();
            changed[part][position] ^= 1;
            let changed: Vec<String> = changed.iter().map(|bytes| encode(bytes)).collect();
            let outcome = world.identify(Some(&bearer(&changed.join(".")))).await;
            assert_eq!(refused(outcome).0, 401, "part {part}, byte {position}");
        }
    }
}
