use super::*;

#[test]
fn the_state_of_devices_becomes_a_migration() {
    let devices = [HEADER, b"\x04section\0"].concat();
    let state = complete(&devices).unwrap();
    assert_eq!(
        state,
        [HEADER, CONFIGURATION, b"\x04section\0", DESCRIPTION].concat()
    );
    // What it begins with is not said twice.
    let again = complete(&state).unwrap();
    assert!(again.starts_with(&state));
    assert_eq!(
        complete(b"XEVM").unwrap_err(),
        "the state has another format"
    );
}
