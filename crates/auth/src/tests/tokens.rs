//! Tests of the token service, and of attacks on its tokens.

mod forged;

use std::fs;
use std::time::Duration;

use base64::Engine as _;
use lazaret_content::{ApiKeys as _, Clock as _};
use ring::hmac;
use serde_json::{Value, json};

use super::support::{
    World, basic, bearer, head, peer, refused, repository, rules, settings, with_tokens, world,
};
use crate::jwt::{Claims, PublicKey, encode};
use crate::keys::Keys;
use crate::{Action, Method, RequestLimits, Tokens, new_key};

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
    // The policy allows it, but the token does not: the client may come back with another token.
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
    let without = super::support::world(|_| {}, RequestLimits::default());
    assert_eq!(refused(without.token(SCOPE, None).await).0, 404);
    // A token cannot be used to get further tokens.
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
        RequestLimits::default(),
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
    // A refresh token opens nothing by itself, and an access token refreshes nothing.
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
        .reopen(&settings, Some(only_public), RequestLimits::default())
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
    crate::keys::ensure(&ed).unwrap();
    let pair = rcgen::KeyPair::generate().unwrap();
    fs::write(&ec, pair.serialize_pem()).unwrap();
    let public = folder.path().join("ec-public.pem");
    fs::write(&public, pair.public_key_pem()).unwrap();
    let tokens = |key: &std::path::Path, old: &[&std::path::Path]| Tokens {
        key_file: Some(key.to_owned()),
        verification_key_files: old.iter().map(|path| path.to_path_buf()).collect(),
        ..Tokens::default()
    };
    let world = world(
        |s| s.tokens = Some(tokens(&ec, &[])),
        RequestLimits::default(),
    );
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
            .reopen(&settings, Some(rules()), RequestLimits::default())
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
    crate::keys::ensure(&ed).unwrap();
    assert_eq!(fs::read(&ed).unwrap(), before);
    fs::write(
        &ed,
        "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n",
    )
    .unwrap();
    settings.tokens = Some(tokens(&ed, &[]));
    let error = world
        .gate
        .reopen(&settings, None, RequestLimits::default())
        .map(drop)
        .unwrap_err();
    assert!(error.to_string().contains("pkcs8"), "{error}");
}
