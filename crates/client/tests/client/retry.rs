use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use lazaret_client::{Anonymous, Class, Client, Error, Ping};
use lazaret_oci::Registry;

use crate::support::{Answer, AsRegistry, Peer, client, options};

/// A server that answers with `first` in turn, then with 200.
fn failing(first: Vec<Answer>) -> Peer {
    let number = AtomicUsize::new(0);
    Peer::start(move |_| {
        let n = number.fetch_add(1, Ordering::SeqCst);
        first.get(n).cloned().unwrap_or_else(|| Answer::new(200))
    })
}

#[tokio::test]
async fn passing_failures_need_no_user() {
    for status in [408, 429, 502, 503, 504] {
        let peer = failing(vec![Answer::new(status), Answer::new(status)]);
        assert_eq!(
            client().ping(&peer.registry()).await.unwrap(),
            Ping::Open,
            "{status}"
        );
        assert_eq!(peer.log().len(), 3, "{status}");
    }
}

#[tokio::test]
async fn a_connection_that_dies_is_made_again() {
    let peer = failing(vec![
        Answer::raw(b"".to_vec()),
        Answer::raw(b"HTTP/1.1 200".to_vec()),
    ]);
    client().ping(&peer.registry()).await.unwrap();
    assert_eq!(peer.log().len(), 3);
}

#[tokio::test]
async fn failures_that_stay_are_reported_after_five_tries() {
    for (status, class) in [
        (429, Class::RateLimited),
        (500, Class::Unreachable),
        (503, Class::Unreachable),
    ] {
        let peer = Peer::start(move |_| {
            Answer::json(
                status,
                r#"{"errors":[{"code":"TOOMANYREQUESTS","message":"slow down please"}]}"#,
            )
        });
        let error = client().ping(&peer.registry()).await.unwrap_err();
        assert_eq!(error.class(), class);
        assert!(error.to_string().contains("slow down please"), "{error}");
        assert_eq!(peer.log().len(), 5);
    }
}

#[tokio::test]
async fn other_failures_are_final() {
    for status in [400, 403, 404, 409, 501] {
        let peer = Peer::start(move |_| Answer::new(status));
        client().ping(&peer.registry()).await.unwrap_err();
        assert_eq!(peer.log().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn the_server_says_how_long_to_wait() {
    let date = httpdate_in(Duration::from_secs(20));
    for wish in ["20".to_owned(), date] {
        let peer = failing(vec![Answer::new(429).with("Retry-After", wish.clone())]);
        let mut options = options();
        options.retry.scale = 0.01;
        let client = Client::new(options, Arc::new(Anonymous)).unwrap();
        let start = Instant::now();
        client.ping(&peer.registry()).await.unwrap();
        let waited = start.elapsed();
        assert!(waited >= Duration::from_millis(150), "{wish}: {waited:?}");
        assert!(waited < Duration::from_secs(3), "{wish}: {waited:?}");
    }
}

fn httpdate_in(wait: Duration) -> String {
    httpdate::fmt_http_date(SystemTime::now() + wait)
}

#[tokio::test]
async fn more_patience_than_there_is_is_an_error_at_once() {
    let peer = Peer::start(|_| Answer::new(429).with("Retry-After", "3600"));
    let error = client().ping(&peer.registry()).await.unwrap_err();
    assert_eq!(error.class(), Class::RateLimited);
    let Error::RateLimited { retry_after, .. } = error else {
        panic!("{error:?}");
    };
    assert_eq!(retry_after, Some(Duration::from_secs(3600)));
    assert_eq!(peer.log().len(), 1);
}

#[tokio::test]
async fn one_try_is_enough_for_a_caller_that_repeats_by_itself() {
    for (status, wish, wait) in [
        (429, Some("7"), Some(Duration::from_secs(7))),
        (503, Some("9"), Some(Duration::from_secs(9))),
        (503, None, None),
        (404, Some("9"), None),
    ] {
        let peer = Peer::start(move |_| match wish {
            Some(wish) => Answer::new(status).with("Retry-After", wish),
            None => Answer::new(status),
        });
        let mut options = options();
        options.retry.tries = 1;
        let client = Client::new(options, Arc::new(Anonymous)).unwrap();
        let error = client.ping(&peer.registry()).await.unwrap_err();
        assert_eq!(error.retry_after(), wait, "{status}");
        assert_eq!(error.status(), Some(status));
        assert_eq!(peer.log().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_given_up() {
    let peer = Peer::start(|_| Answer::new(200).after(Duration::from_secs(30)));
    let mut options = options();
    options.timeouts.header = Duration::from_millis(100);
    let client = Client::new(options, Arc::new(Anonymous)).unwrap();
    let error = client.ping(&peer.registry()).await.unwrap_err();
    assert_eq!(error.class(), Class::Unreachable);
    assert!(
        error.to_string().contains("no answer after 100ms"),
        "{error}"
    );
}

#[tokio::test]
async fn nobody_there_is_unreachable() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let registry: Registry = listener.local_addr().unwrap().to_string().parse().unwrap();
    drop(listener);
    let error = client().ping(&registry).await.unwrap_err();
    assert_eq!(error.class(), Class::Unreachable);
    assert!(error.to_string().contains("refused"), "{error}");
}
