use super::*;

#[test]
fn the_past_has_an_end() {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(10);
    assert_eq!(before(now, Duration::MAX), SystemTime::UNIX_EPOCH);
    assert_eq!(before(now, Duration::from_secs(11)), SystemTime::UNIX_EPOCH);
    assert_eq!(
        before(now, Duration::from_secs(4)),
        SystemTime::UNIX_EPOCH + Duration::from_secs(6)
    );
}
