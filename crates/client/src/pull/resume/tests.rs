use bytes::Bytes;
use lazaret_oci::{Algorithm, Descriptor, Digest, Hasher, media_type};
use proptest::prelude::*;

use super::super::range::content_range;
use super::{FORGIVEN, Fault, Opening, Resume};

fn descriptor(content: &[u8]) -> Descriptor {
    Descriptor::new(media_type::LAYER, Digest::of(content), content.len() as u64)
}

fn begin(content: &[u8]) -> Resume {
    Resume::new(descriptor(content), 0, Hasher::new(Algorithm::Sha256))
}

/// A pull of `content` whose first `offset` bytes are at hand.
fn at(content: &[u8], offset: usize) -> Resume {
    let mut hasher = Hasher::new(Algorithm::Sha256);
    hasher.update(&content[..offset]);
    Resume::new(descriptor(content), offset as u64, hasher)
}

fn piece(bytes: &[u8]) -> Bytes {
    Bytes::copy_from_slice(bytes)
}

#[test]
fn the_whole_comes_in_pieces_and_is_judged_once() {
    let mut resume = begin(b"abcdef");
    assert_eq!(resume.range(), None);
    resume.opened(Opening::Whole, Some(6)).unwrap();
    assert_eq!(resume.take(piece(b"abc")).unwrap().unwrap(), "abc");
    assert_eq!(resume.missing(), Ok(3));
    assert_eq!(resume.take(piece(b"def")).unwrap().unwrap(), "def");
    assert_eq!(resume.missing(), Ok(0));
    resume.finish().unwrap();
    resume.finish().unwrap();
}

#[test]
fn a_server_that_starts_again_is_skipped_over() {
    let mut resume = at(b"abcdef", 4);
    assert_eq!(resume.range().as_deref(), Some("bytes=4-"));
    resume.opened(Opening::Whole, Some(6)).unwrap();
    assert_eq!(resume.take(piece(b"abc")).unwrap(), None);
    assert_eq!(resume.take(piece(b"def")).unwrap().unwrap(), "ef");
    resume.finish().unwrap();
    let mut resume = at(b"abcdef", 4);
    assert_eq!(
        resume.opened(Opening::Part("bytes 3-5/6"), Some(3)),
        Ok(true)
    );
    assert_eq!(resume.take(piece(b"def")).unwrap().unwrap(), "ef");
    resume.finish().unwrap();
}

#[test]
fn what_does_not_have_the_rest_is_asked_for_the_whole_once() {
    let check = |range: &str, is_rest: bool| {
        let mut resume = at(b"abcdef", 4);
        let opened = resume.opened(Opening::Part(range), None);
        assert_eq!(opened, Ok(is_rest), "{range}");
        assert_eq!(resume.range().is_some(), is_rest, "{range}");
        if !is_rest {
            resume.opened(Opening::Part(range), None).unwrap_err();
            assert_eq!(resume.opened(Opening::Whole, Some(6)), Ok(true));
        }
    };
    check("bytes 4-5/6", true);
    check("bytes 4-5/*", true);
    check("bytes 3-5/6", true);
    check("bytes 5-5/6", false);
    check("bytes 4-4/6", false);
    check("bytes 4-5/7", false);
    check("", false);
    let part = begin(b"abcdef").opened(Opening::Part("bytes 0-5/6"), None);
    assert!(
        matches!(part, Err(Fault::WrongPart { offset: 0, .. })),
        "nobody asked for a part"
    );
}

#[test]
fn other_content_is_refused() {
    let mismatch = |outcome: Result<bool, Fault>, words: &str| match outcome {
        Err(Fault::Mismatch { actual, .. }) => assert!(actual.contains(words), "{actual}"),
        other => panic!("{other:?}"),
    };
    let content = b"abcdef";
    mismatch(begin(content).opened(Opening::Whole, Some(5)), "5 bytes");
    let mut shorter = at(content, 4);
    assert_eq!(shorter.opened(Opening::Nothing, None), Ok(false));
    mismatch(shorter.opened(Opening::Nothing, None), "shorter");
    let mut longer = begin(content);
    let taken = longer.take(piece(b"abcdefg"));
    mismatch(taken.map(|_| true), "more bytes");
    let mut other = begin(content);
    other.take(piece(b"abcdeX")).unwrap();
    mismatch(other.finish().map(|()| true), "sha256:");
    let hasher = Hasher::new(Algorithm::Sha256);
    let over = Resume::new(descriptor(content), 7, hasher);
    mismatch(over.missing().map(|_| true), "more bytes");
}

#[test]
fn breaks_are_forgotten_after_enough_bytes() {
    let content = vec![7; usize::try_from(FORGIVEN).unwrap() + 10];
    let mut resume = begin(&content);
    resume.take(piece(&content[..10])).unwrap();
    assert!(!resume.broken());
    resume.take(piece(&content[10..])).unwrap();
    assert!(resume.broken());
    assert!(!resume.broken());
}

#[test]
fn ranges_are_parsed() {
    assert_eq!(content_range("bytes 1-2/3"), Some((1, 2, Some(3))));
    assert_eq!(content_range(" bytes 1-2/* "), Some((1, 2, None)));
    for other in [
        "",
        "1-2/3",
        "bytes */3",
        "bytes 1-/3",
        "bytes -1-2/3",
        "lines 1-2/3",
    ] {
        assert_eq!(content_range(other), None, "{other}");
    }
}

proptest! {
    /// A server sends some bytes, breaks off, and starts again from the offset or the beginning:
    /// the delivered content is always right.
    #[test]
    fn breaks_change_nothing(
        content in proptest::collection::vec(any::<u8>(), 1..300),
        answers in proptest::collection::vec((any::<bool>(), 0..300_usize, 1..50_usize), 0..10),
    ) {
        let mut resume = begin(&content);
        let mut delivered = Vec::new();
        let last = (true, content.len(), 1);
        for (is_part, sent, step) in answers.into_iter().chain([last]) {
            if resume.missing() == Ok(0) {
                break;
            }
            let offset = delivered.len();
            let range = format!("bytes {offset}-{}/{}", content.len() - 1, content.len());
            let (opening, rest) = if is_part && offset > 0 {
                (Opening::Part(&range), &content[offset..])
            } else {
                (Opening::Whole, &content[..])
            };
            resume.opened(opening, Some(rest.len() as u64)).unwrap();
            for bytes in rest[..sent.min(rest.len())].chunks(step) {
                delivered.extend(resume.take(piece(bytes)).unwrap().unwrap_or_default());
            }
            prop_assert_eq!(resume.offset(), delivered.len() as u64);
            resume.broken();
        }
        prop_assert_eq!(resume.missing(), Ok(0));
        prop_assert_eq!(resume.finish(), Ok(()));
        prop_assert_eq!(delivered, content);
    }
}
