//! The token service, and attacks on its tokens.

use std::fs;
use std::time::Duration;

use base64::Engine as _;
use lazaret_store::{ApiKeys as _, Clock as _};
use ring::hmac;
use serde_json::{Value, json};

use super::super::jwt::{Claims, PublicKey, encode};
use super::super::keys::Keys;
use super::super::{Action, Limits, Method, Tokens, new_key};
use super::support::{
    World, basic, bearer, head, peer, refused, repository, rules, settings, with_tokens, world,
};

const SCOPE: &str = "scope=repository:alice/app:pull,push";

#[tokio::test]
async fn a_token_opens_what_was_asked_and_granted_and_nothing_else() {
    let world = with_tokens();
    let password = basic("alice", "alice-pw");
    let nobody = world.identify(None).await.unwrap();
    let needs = [
        (Action::Push, Some(repository("alice/app"))),
        (Action::Pull, Some(repository("alice/app"))),
        (Action::Pull, Some(repository("public/x"))),
    ];
    let (status, challenge) = refused(world.gate.demand(&nobody, &needs));
    assert_eq!(status, 401);
    assert!(
        challenge.ends_with(",scope=\"repository:alice/app:push,pull repository:public/x:pull\""),
        "{challenge}"
    );
    let grant = world
        .token(
            "service=lazaret-registry&scope=repository:alice/app:pull,push%20repository:public/x:pull,push&scope=repository:bob/app:pull",
            Some(&password),
        )
        .await
        .unwrap();
    assert_eq!(
        grant.scope,
        "repository:alice/app:pull,push repository:public/x:pull"
    );
    assert_eq!(grant.expires_in, 300);
    assert!(grant.refresh_token.is_none());
    let alice = world.identify(Some(&bearer(&grant.token))).await.unwrap();
    assert_eq!(
        (alice.user(), alice.method()),
        (Some("alice"), Method::Token)
    );
    world.gate.greet(&alice).unwrap();
    world.gate.demand(&alice, &needs).unwrap();
    // Allowed by policy, but not asked for: the client may come back with another token.
    let (status, challenge) = refused(world.demand(&alice, Action::Delete, "alice/app"));
    assert_eq!(status, 401);
    assert!(
        challenge.contains("error=\"insufficient_scope\""),
        "{challenge}"
    );
    assert_eq!(
        refused(world.demand(&alice, Action::Pull, "alice/other")).0,
        401
    );
    assert_eq!(
        refused(world.demand(&alice, Action::Pull, "bob/app")).0,
        403
    );
    assert!(
        !world
            .gate
            .allows(&alice, Action::Pull, &repository("alice/other"))
    );
    assert!(world.gate.shows(&alice, &repository("alice/other")));
    world.clock.advance(Duration::from_secs(300 + 61));
    let (status, challenge) = refused(world.identify(Some(&bearer(&grant.token))).await);
    assert_eq!(status, 401);
    assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
}

#[tokio::test]
async fn all_actions_are_those_that_policy_grants() {
    let world = with_tokens();
    let query = "scope=repository:bob/app:*&scope=registry:catalog:*&scope=registry:admin:*";
    let grant = world
        .token(query, Some(&basic("bob", "bob-pw")))
        .await
        .unwrap();
    assert_eq!(
        grant.scope,
        "repository:bob/app:pull,push registry:catalog:*"
    );
    let bob = world.identify(Some(&bearer(&grant.token))).await.unwrap();
    world.gate.demand(&bob, &[(Action::List, None)]).unwrap();
    assert_eq!(
        refused(world.gate.demand(&bob, &[(Action::Administer, None)])).0,
        403
    );
}

#[tokio::test]
async fn anonymous_tokens_are_for_what_everybody_may() {
    let world = with_tokens();
    let grant = world
        .token("scope=repository:public/app:pull,push", None)
        .await
        .unwrap();
    assert_eq!(grant.scope, "repository:public/app:pull");
    let nobody = world.identify(Some(&bearer(&grant.token))).await.unwrap();
    assert_eq!((nobody.user(), nobody.method()), (None, Method::Token));
    world.gate.greet(&nobody).unwrap();
    world.demand(&nobody, Action::Pull, "public/app").unwrap();
    assert_eq!(
        refused(world.demand(&nobody, Action::Push, "public/app")).0,
        401
    );
    for query in ["", SCOPE] {
        let (status, challenge) = refused(world.token(query, None).await);
        assert_eq!(status, 401);
        assert!(challenge.starts_with("Basic "), "{challenge}");
    }
}

#[tokio::test]
async fn wrong_requests_for_tokens_are_refused() {
    let world = with_tokens();
    let wrong = basic("alice", "wrong");
    assert_eq!(refused(world.token(SCOPE, Some(&wrong)).await).0, 401);
    assert_eq!(
        refused(world.token("service=other", Some(&wrong)).await).0,
        400
    );
    assert_eq!(
        refused(world.token("scope=nonsense", Some(&wrong)).await).0,
        400
    );
    for (form, status) in [
        ("grant_type=password&username=alice", 400),
        ("grant_type=password&username=alice&password=wrong", 401),
        ("grant_type=authorization_code&code=x", 400),
        ("grant_type=refresh_token", 400),
        ("grant_type=refresh_token&refresh_token=x", 401),
        ("grant_type=%FF", 400),
    ] {
        assert_eq!(refused(world.post(form).await).0, status, "{form}");
    }
    let without = super::support::world(|_| {}, Limits::default());
    assert_eq!(refused(without.token(SCOPE, None).await).0, 404);
    // A token is not good for further tokens.
    let grant = world
        .token(SCOPE, Some(&basic("alice", "alice-pw")))
        .await
        .unwrap();
    assert_eq!(
        refused(world.token(SCOPE, Some(&bearer(&grant.token))).await).0,
        401
    );
}

#[tokio::test]
async fn the_password_can_be_held_to_the_token_service() {
    let world = world(
        |settings| {
            settings.tokens = Some(Tokens::default());
            settings.basic = false;
        },
        Limits::default(),
    );
    let password = basic("alice", "alice-pw");
    assert_eq!(refused(world.identify(Some(&password)).await).0, 401);
    let grant = world.token(SCOPE, Some(&password)).await.unwrap();
    world.identify(Some(&bearer(&grant.token))).await.unwrap();
}

#[tokio::test]
async fn refresh_tokens_last_as_long_as_the_password() {
    let world = with_tokens();
    let login = "grant_type=password&username=alice&password=alice-pw&access_type=offline&";
    let first = world.post(&format!("{login}{SCOPE}")).await.unwrap();
    let refresh = first.refresh_token.unwrap();
    let again = format!("grant_type=refresh_token&refresh_token={refresh}&{SCOPE}");
    world.clock.advance(Duration::from_secs(86_400));
    let second = world.post(&again).await.unwrap();
    assert_eq!(second.scope, "repository:alice/app:pull,push");
    // It opens nothing by itself, and an access token refreshes nothing.
    assert_eq!(
        refused(world.identify(Some(&bearer(&refresh))).await).0,
        401
    );
    let swapped = format!(
        "grant_type=refresh_token&refresh_token={}&{SCOPE}",
        second.token
    );
    assert_eq!(refused(world.post(&swapped).await).0, 401);
    let get = world
        .token("offline_token=true", Some(&basic("bob", "bob-pw")))
        .await
        .unwrap();
    assert!(get.refresh_token.is_some());

    let path = world.folder.path().join("htpasswd");
    fs::write(
        &path,
        format!("alice:{}\n", bcrypt::hash("changed", 4).unwrap()),
    )
    .unwrap();
    world.clock.advance(Duration::from_secs(2));
    assert_eq!(refused(world.post(&again).await).0, 401);
    let bob = format!(
        "grant_type=refresh_token&refresh_token={}",
        get.refresh_token.unwrap()
    );
    assert_eq!(refused(world.post(&bob).await).0, 401);
}

#[tokio::test]
async fn refresh_tokens_of_keys_end_with_the_key() {
    let world = with_tokens();
    let (key, text) = new_key("alice", "", world.clock.now(), None);
    world.keys.put_key(&key).await.unwrap();
    let query = format!("{SCOPE}&offline_token=true");
    let grant = world.token(&query, Some(&basic("x", &text))).await.unwrap();
    let who = world.identify(Some(&bearer(&grant.token))).await.unwrap();
    assert_eq!(
        who.key(),
        Some(key.id.as_str()),
        "rules about keys hold for their tokens"
    );
    let form = format!(
        "grant_type=refresh_token&refresh_token={}&{SCOPE}",
        grant.refresh_token.unwrap()
    );
    world.post(&form).await.unwrap();
    world.keys.delete_key(&key.id).await.unwrap();
    world.clock.advance(Duration::from_secs(6));
    assert_eq!(refused(world.post(&form).await).0, 401);
}

#[tokio::test]
async fn a_change_of_policy_narrows_tokens_at_once() {
    let world = with_tokens();
    let grant = world
        .token(SCOPE, Some(&basic("alice", "alice-pw")))
        .await
        .unwrap();
    let mut settings = settings(world.folder.path());
    settings.tokens = Some(Tokens::default());
    let only_public = rules().into_iter().take(1).collect();
    let gate = world
        .gate
        .reopen(&settings, Some(only_public), Limits::default())
        .unwrap();
    let head = head("GET", "/v2/", Some(&bearer(&grant.token)));
    let alice = gate.identify(&head, &peer(1)).await.unwrap();
    let need = [(Action::Push, Some(repository("alice/app")))];
    assert_eq!(refused(gate.demand(&alice, &need)).0, 403);
}

#[tokio::test]
async fn keys_are_rotated_without_breaking_tokens_and_dropped_to_revoke_them() {
    let folder = tempfile::tempdir().unwrap();
    let (ed, ec) = (folder.path().join("ed.pem"), folder.path().join("ec.pem"));
    super::super::keys::ensure(&ed).unwrap();
    let pair = rcgen::KeyPair::generate().unwrap();
    fs::write(&ec, pair.serialize_pem()).unwrap();
    let public = folder.path().join("ec-public.pem");
    fs::write(&public, pair.public_key_pem()).unwrap();
    let tokens = |key: &std::path::Path, old: &[&std::path::Path]| Tokens {
        key_file: Some(key.to_owned()),
        verification_key_files: old.iter().map(|path| path.to_path_buf()).collect(),
        ..Tokens::default()
    };
    let world = world(|s| s.tokens = Some(tokens(&ec, &[])), Limits::default());
    let grant = world
        .token(SCOPE, Some(&basic("alice", "alice-pw")))
        .await
        .unwrap();
    let head = head("GET", "/v2/", Some(&bearer(&grant.token)));
    let mut settings = settings(world.folder.path());
    for (old, works) in [
        (vec![public.as_path()], true),
        (vec![ec.as_path()], true),
        (vec![], false),
    ] {
        settings.tokens = Some(tokens(&ed, &old));
        let gate = world
            .gate
            .reopen(&settings, Some(rules()), Limits::default())
            .unwrap();
        assert_eq!(
            gate.identify(&head, &peer(1)).await.is_ok(),
            works,
            "{old:?}"
        );
    }
    use std::os::unix::fs::PermissionsExt as _;
    assert_eq!(
        fs::metadata(&ed).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let before = fs::read(&ed).unwrap();
    super::super::keys::ensure(&ed).unwrap();
    assert_eq!(fs::read(&ed).unwrap(), before);
    fs::write(
        &ed,
        "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n",
    )
    .unwrap();
    settings.tokens = Some(tokens(&ed, &[]));
    let error = world
        .gate
        .reopen(&settings, None, Limits::default())
        .map(drop)
        .unwrap_err();
    assert!(error.to_string().contains("pkcs8"), "{error}");
}

/// Keys that belong to the gate's own key file, as an attacker does not have them.
fn signer(world: &World) -> Keys {
    let path = world.folder.path().join("auth/token-key.pem");
    Keys::read(Some(&path), std::iter::empty()).unwrap_or_else(|error| panic!("{error:?}"))
}

fn claims(world: &World) -> Claims {
    let now = super::super::jwt::since_epoch(world.clock.now()).as_secs();
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
    super::super::keys::ensure(&path).unwrap();
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

/// A flipped bit anywhere is noticed.
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
