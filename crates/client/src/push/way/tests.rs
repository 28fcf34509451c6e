use super::{Way, Ways};

#[test]
fn a_broken_stream_is_followed_by_chunks_that_go_on() {
    let mut ways = Ways::new();
    assert_eq!(ways.current(), Way::Stream);
    ways.go_on();
    assert_eq!(ways.current(), Way::Chunks);
    ways.go_on();
    assert_eq!(ways.current(), Way::Chunks);
}

#[test]
fn a_server_without_chunks_gets_streams_until_it_refuses_those_too() {
    let mut ways = Ways::new();
    ways.go_on();
    assert!(ways.refuse());
    ways.go_on();
    assert_eq!(ways.current(), Way::Stream);
    ways.go_on();
    assert_eq!(ways.current(), Way::Stream);
    assert!(!ways.refuse());
}
