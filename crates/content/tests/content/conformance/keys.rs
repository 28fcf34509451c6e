//! Requirements for every [`lazaret_content::ApiKeys`].

use std::time::Duration;

use lazaret_content::ApiKey;

use super::databases::{Place, on_every_database};

on_every_database! { keys:
    keys_come_and_go
}

pub(super) async fn keys_come_and_go(place: &Place) {
    let db = place.open().await;
    let mut key = ApiKey {
        id: "b".to_owned(),
        user: "ada".to_owned(),
        secret_digest: [0xA5; 32],
        description: "it's for CI \u{1F511}".to_owned(),
        created: place.now(),
        expires: Some(place.now() + Duration::from_secs(60)),
    };
    db.put_key(&key).await.unwrap();
    let stolen = ApiKey {
        user: "eve".to_owned(),
        ..key.clone()
    };
    assert!(db.put_key(&stolen).await.is_err(), "an id is used once");
    assert_eq!(db.key("b").await.unwrap().as_ref(), Some(&key));
    let forever = ApiKey {
        id: "B".to_owned(),
        expires: None,
        ..key.clone()
    };
    db.put_key(&forever).await.unwrap();
    key.expires = Some(place.now() + Duration::from_secs(60));
    let other = place.open().await;
    assert_eq!(other.keys().await.unwrap(), [forever, key]);
    assert!(db.delete_key("b").await.unwrap());
    assert!(!db.delete_key("b").await.unwrap());
    assert_eq!(other.key("b").await.unwrap(), None);
}
