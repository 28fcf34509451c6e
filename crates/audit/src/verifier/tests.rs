use chrono::DateTime;
use proptest::prelude::*;
use serde_json::json;

use super::Verifier;
use crate::Fault;
use crate::record::{NO_HASH, line};

fn chain(length: u64) -> Vec<String> {
    let mut previous = NO_HASH.to_owned();
    let mut lines = Vec::new();
    for sequence in 1..=length {
        let event = json!({"kind": "test", "value": sequence});
        let (text, hash) = line(sequence, DateTime::UNIX_EPOCH, event, &previous);
        previous = hash;
        lines.push(text);
    }
    lines
}

fn verified(lines: &[String], head: Option<&str>) -> Result<super::Summary, Fault> {
    let mut verifier = Verifier::new(head);
    for line in lines {
        verifier.take(line.as_bytes())?;
    }
    verifier.finish(0)
}

#[test]
fn a_chain_without_its_beginning_must_say_so() {
    let lines = chain(4);
    let summary = verified(&lines, None).unwrap();
    assert_eq!((summary.first, summary.count), (1, 4));
    assert_eq!(verified(&lines[2..], None), Err(Fault::Beginning(2)));

    let third = crate::record::read(lines[2].as_bytes()).unwrap();
    let dropped = json!({"kind": "dropped", "through": 2, "hash": third.previous});
    let fourth = crate::record::read(lines[3].as_bytes()).unwrap();
    let (fifth, _) = line(5, DateTime::UNIX_EPOCH, dropped, &fourth.hash);
    let mut cut = lines[2..].to_vec();
    cut.push(fifth);
    assert_eq!(verified(&cut, None).unwrap().first, 3);
    // The note is of another place.
    assert_eq!(verified(&cut[1..], None), Err(Fault::Beginning(3)));
}

#[test]
fn a_head_is_found_in_a_log_that_has_grown_and_not_in_one_that_was_cut() {
    let lines = chain(5);
    let head = verified(&lines[..3], None).unwrap().head;
    let upper = head.to_ascii_uppercase();
    assert_eq!(verified(&lines, Some(&upper)).unwrap().kept, Some(3));
    assert_eq!(verified(&lines[..2], Some(&head)), Err(Fault::Head(head)));
}

#[test]
fn an_empty_log_is_whole() {
    assert_eq!(verified(&[], None).unwrap().count, 0);
}

proptest! {
    #[test]
    fn no_line_goes_comes_or_moves_unseen(
        length in 2_u64..12, from in any::<prop::sample::Index>(), to in any::<prop::sample::Index>(),
        act in 0..3,
    ) {
        let lines = chain(length);
        let (from, to) = (from.index(lines.len()), to.index(lines.len()));
        let mut changed = lines.clone();
        match act {
            // One that is removed from the end is what heads are for.
            0 if from + 1 < lines.len() => _ = changed.remove(from),
            0 => return Ok(()),
            1 => changed.insert(to, lines[from].clone()),
            _ => changed.swap(from, to),
        }
        prop_assert_eq!(verified(&changed, None).is_ok(), changed == lines);
    }
}
