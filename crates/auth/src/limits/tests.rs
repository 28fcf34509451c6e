//! Tests of limits, with a simulated clock.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use super::{Bounded, Failures, Places, Rate};
use crate::network::client_part;

const START: Duration = Duration::from_secs(1_000_000);

fn address(last: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, last))
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

#[test]
fn a_bounded_map_forgets_what_was_not_used() {
    let mut map = Bounded::new(10);
    map.put(0, "kept");
    for key in 1..1000 {
        assert_eq!(map.get(&0), Some(&mut "kept"), "used before {key} was put");
        map.put(key, "passing");
        assert!(map.len() <= 20);
    }
    assert_eq!(map.get(&1), None);
}

#[test]
fn a_client_gets_its_burst_and_then_its_rate() {
    let mut rate = Rate::new(2.0, 3, 100);
    for _ in 0..3 {
        rate.take("a", START).unwrap();
    }
    let wait = rate.take("a", START).unwrap_err();
    assert_eq!(wait, Duration::from_millis(500));
    rate.take("b", START).expect("others are not concerned");
    rate.take("a", START + wait).unwrap();
    rate.take("a", START + wait).unwrap_err();
    // A clock that was set back by a day locks nobody out.
    rate.take("a", START - seconds(86_400)).unwrap_err();
    rate.take("a", START - seconds(86_400) + seconds(1))
        .unwrap();
}

#[test]
fn who_fails_waits_longer_and_longer() {
    let mut failures = Failures::new();
    let mut now = START;
    for _ in 0..5 {
        failures.attempt(address(1), "alice", now).unwrap();
    }
    for expected in [1, 2, 4, 8, 16, 32, 60, 60] {
        let wait = failures.attempt(address(1), "alice", now).unwrap_err();
        assert_eq!(wait, seconds(expected));
        // An attempt during the wait changes nothing.
        failures.attempt(address(1), "alice", now).unwrap_err();
        now += wait;
        failures.attempt(address(1), "alice", now).unwrap();
    }
    failures
        .attempt(address(1), "alice", now + seconds(3600))
        .expect("an hour later it is forgotten");
}

#[test]
fn success_forgives_only_its_own_failures() {
    let mut failures = Failures::new();
    for _ in 0..4 {
        failures.attempt(address(1), "alice", START).unwrap();
    }
    failures.forgive(address(1), "alice");
    for _ in 0..5 {
        failures.attempt(address(1), "alice", START).unwrap();
    }
    // An attacker with an account of their own guesses other users' passwords from one address.
    let mut failures = Failures::new();
    let mut refused = 0;
    for number in 0..100 {
        failures.attempt(address(2), "mallory", START).ok();
        failures.forgive(address(2), "mallory");
        let victim = format!("victim-{number}");
        refused += u32::from(failures.attempt(address(2), &victim, START).is_err());
    }
    assert!(refused >= 75, "{refused} of 100 guesses were refused");
}

#[test]
fn nobody_can_lock_out_a_user_from_elsewhere() {
    let mut failures = Failures::new();
    for number in 0..200 {
        for _ in 0..5 {
            failures.attempt(address(number), "alice", START).ok();
        }
    }
    failures
        .attempt(address(250), "alice", START)
        .expect("an address without failures is heard");
    failures
        .attempt(address(199), "alice", START)
        .expect_err("an address with failures waits");
}

#[test]
fn attempts_at_once_count_before_they_are_decided() {
    let mut failures = Failures::new();
    let heard = (0..1000)
        .filter(|_| failures.attempt(address(1), "alice", START).is_ok())
        .count();
    assert_eq!(heard, 5);
    let mut failures = Failures::new();
    for _ in 0..100 {
        failures.attempt(address(1), "alice", START).unwrap();
        failures.undo(address(1), "alice");
    }
}

#[test]
fn clients_of_one_network_share_a_count() {
    let v6 = |text: &str| client_part(IpAddr::V6(text.parse::<Ipv6Addr>().unwrap()));
    assert_eq!(v6("2001:db8:1:2:3::1"), v6("2001:db8:1:2:ffff::2"));
    assert_ne!(v6("2001:db8:1:2::1"), v6("2001:db8:1:3::1"));
    assert_eq!(v6("::ffff:192.0.2.1"), address(1));
    assert_ne!(client_part(address(1)), client_part(address(2)));
}

#[test]
fn places_come_back() {
    let places = Arc::new(Places::default());
    let first = places.take("a", 2).unwrap();
    let second = places.take("a", 2).unwrap();
    assert!(places.take("a", 2).is_none());
    assert!(places.take("b", 2).is_some());
    drop(first);
    assert!(places.take("a", 2).is_some());
    drop(second);
}

proptest! {
    /// For any arrivals, no window of time has more requests than the burst and the refilled rate
    /// allow.
    #[test]
    fn no_window_holds_more_than_allowed(
        burst in 1_u32..10,
        per_second in 1_u32..50,
        gaps in prop::collection::vec(0_u64..300, 1..200),
    ) {
        let mut rate = Rate::new(f64::from(per_second), burst, 16);
        let mut now = START;
        let mut taken = Vec::new();
        for gap in gaps {
            now += Duration::from_millis(gap);
            if rate.take((), now).is_ok() {
                taken.push(now);
            }
        }
        for (position, from) in taken.iter().enumerate() {
            for (count, to) in taken[position..].iter().enumerate() {
                let allowed = f64::from(burst) + (*to - *from).as_secs_f64() * f64::from(per_second);
                prop_assert!((count + 1) as f64 <= allowed + 1e-6);
            }
        }
    }
}
