//! Tests of API keys.

use std::time::Duration;

use lazaret_content::ApiKeys as _;

use super::support::{basic, bearer, refused, secret_of, world};
use crate::{Method, RequestLimits, new_key};
use lazaret_content::Clock as _;

#[tokio::test]
async fn a_key_works_as_password_and_bearer_until_it_is_revoked_or_ends() {
    let world = world(|_| {}, RequestLimits::default());
    let ends = world.clock.now() + Duration::from_secs(100);
    let (key, text) = new_key("alice", "laptop", world.clock.now(), Some(ends));
    assert!(text.starts_with(&format!("lzr_{}_", key.id)));
    world.keys.put_key(&key).await.unwrap();
    for authorization in [
        bearer(&text),
        basic("alice", &text),
        basic("whoever", &text),
    ] {
        let who = world.identify(Some(&authorization)).await.unwrap();
        assert_eq!(who.user(), Some("alice"));
        assert_eq!(
            (who.method(), who.key()),
            (Method::ApiKey, Some(key.id.as_str()))
        );
    }
    let (_, other) = new_key("alice", "", world.clock.now(), None);
    let other_secret = secret_of(&other);
    let mixed = format!("lzr_{}_{other_secret}", key.id);
    for wrong in [
        &other,
        &mixed,
        &text[..text.len() - 1],
        "lzr_",
        &format!("{text}x"),
    ] {
        assert_eq!(
            refused(world.identify(Some(&bearer(wrong))).await).0,
            401,
            "{wrong}"
        );
    }
    world.keys.delete_key(&key.id).await.unwrap();
    world.clock.advance(Duration::from_secs(6));
    assert_eq!(refused(world.identify(Some(&bearer(&text))).await).0, 401);
    world.keys.put_key(&key).await.unwrap();
    world.clock.advance(Duration::from_secs(6));
    world.identify(Some(&bearer(&text))).await.unwrap();
    world.clock.advance(Duration::from_secs(100));
    assert_eq!(refused(world.identify(Some(&bearer(&text))).await).0, 401);
}

#[tokio::test]
async fn keys_out_of_reach_are_no_wrong_keys() {
    let world = world(|_| {}, RequestLimits::default());
    let (key, text) = new_key("alice", "", world.clock.now(), None);
    world.keys.put_key(&key).await.unwrap();
    *world.keys.broken.lock().unwrap() = true;
    assert_eq!(refused(world.identify(Some(&bearer(&text))).await).0, 503);
    *world.keys.broken.lock().unwrap() = false;
    world.identify(Some(&bearer(&text))).await.unwrap();
}
