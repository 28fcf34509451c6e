//! Requirements for every [`lazaret_content::Outbox`].

use std::time::Duration;

use lazaret_content::Event;

use super::databases::{Place, Replica, on_every_database};

on_every_database! { outbox:
    events_wait_until_delivered
    events_are_retried
}

fn event(place: &Place, id: &str, target: &str) -> Event {
    Event {
        id: id.to_owned(),
        target: target.to_owned(),
        body: format!("{{\"id\":\"{id}\",\"text\":\"it's\"}}"),
        attempts: 0,
        created: place.now(),
    }
}

async fn take(place: &Place, db: &Replica, target: &str, limit: usize) -> Vec<(String, u32)> {
    let retry = place.now() + Duration::from_secs(10);
    let events = db.take_events(target, place.now(), retry, limit).await;
    let events = events.unwrap().into_iter();
    events.map(|event| (event.id, event.attempts)).collect()
}

pub(super) async fn events_wait_until_delivered(place: &Place) {
    let db = place.open().await;
    assert_eq!(take(place, &db, "one", 9).await, []);
    let first = event(place, "b", "one");
    db.enqueue(&first).await.unwrap();
    db.enqueue(&first).await.unwrap();
    place.clock.advance(Duration::from_secs(1));
    db.enqueue(&event(place, "a", "one")).await.unwrap();
    db.enqueue(&event(place, "c", "two")).await.unwrap();
    assert_eq!(db.waiting().await.unwrap(), 3);
    let retry = place.now() + Duration::from_secs(10);
    let taken = db.take_events("one", place.now(), retry, 1).await.unwrap();
    assert_eq!(taken, [first], "oldest first");
    let other = place.open().await;
    assert_eq!(take(place, &other, "one", 9).await, [("a".to_owned(), 0)]);
    assert_eq!(take(place, &other, "one", 9).await, []);
    for id in ["a", "b", "b"] {
        db.delivered(id).await.unwrap();
    }
    assert_eq!(other.waiting().await.unwrap(), 1);
    place.clock.advance(Duration::from_secs(60));
    assert_eq!(take(place, &other, "one", 9).await, []);
    assert_eq!(take(place, &other, "two", 9).await, [("c".to_owned(), 0)]);
}

pub(super) async fn events_are_retried(place: &Place) {
    let db = place.open().await;
    for id in ["a", "b"] {
        db.enqueue(&event(place, id, "one")).await.unwrap();
    }
    for attempts in 0..3 {
        let expected = [("a".to_owned(), attempts), ("b".to_owned(), attempts)];
        assert_eq!(take(place, &db, "one", 9).await, expected);
        place.clock.advance(Duration::from_secs(9));
        assert_eq!(take(place, &db, "one", 9).await, []);
        place.clock.advance(Duration::from_secs(1));
    }
}
