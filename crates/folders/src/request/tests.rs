use super::*;

/// A request with this content.
fn message(number: u32, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(IN_HEADER + content.len()).unwrap();
    let mut bytes = Vec::new();
    bytes.extend(length.to_ne_bytes());
    bytes.extend(number.to_ne_bytes());
    bytes.extend(7_u64.to_ne_bytes());
    bytes.extend(1_u64.to_ne_bytes());
    bytes.extend([0; 16]);
    bytes.extend(content);
    bytes
}

fn operation_of(number: u32, content: &[u8]) -> Result<Operation<'static>, Errno> {
    let bytes = message(number, content).leak();
    Request::parse(bytes).unwrap().operation
}

#[test]
fn requests_that_end_early_are_refused_and_all_others_understood() {
    for number in 0..60 {
        let mut understood = false;
        for length in 0..200 {
            // Names `x` and `y` wherever there is room for them, and small numbers before.
            let mut content = vec![0; length];
            if let Some(end) = length.checked_sub(4) {
                content[end..].copy_from_slice(b"x\0y\0");
            }
            let bytes = message(number, &content);
            understood |= Request::parse(&bytes).unwrap().operation.is_ok();
        }
        let is_known = operation_of(number, &[]) != Err(Errno::NOSYS);
        assert_eq!(understood, is_known, "{number}");
    }
}

#[test]
fn a_request_has_the_length_that_it_says() {
    for bytes in [&b""[..], &[0; 39], &message(code::STATFS, b"")[..39]] {
        assert!(Request::parse(bytes).is_err());
    }
    let mut longer = message(code::STATFS, b"");
    longer.push(0);
    assert!(Request::parse(&longer).is_err());
}

#[test]
fn names_are_single_components() {
    for name in ["", ".", "..", "a/b", "/", "/etc/passwd", "../x"] {
        let bytes = [name.as_bytes(), b"\0"].concat();
        assert_eq!(
            operation_of(code::LOOKUP, &bytes),
            Err(Errno::INVAL),
            "{name}"
        );
    }
    assert_eq!(operation_of(code::LOOKUP, b"no end"), Err(Errno::INVAL));
    let long = [vec![b'a'; 256], vec![0]].concat();
    assert_eq!(operation_of(code::LOOKUP, &long), Err(Errno::NAMETOOLONG));
    for name in [&b"...\0"[..], b"\xff\xfe\0", b"a\nb\0", &long[1..]] {
        assert!(operation_of(code::LOOKUP, name).is_ok(), "{name:?}");
    }
}

#[test]
fn sizes_are_bounded_whatever_is_asked_for() {
    let read = |size: u32| {
        let mut content = vec![0; 40];
        content[16..20].copy_from_slice(&size.to_ne_bytes());
        operation_of(code::READ, &content)
    };
    assert!(read(u32::try_from(MOST_BYTES).unwrap()).is_ok());
    assert_eq!(
        read(u32::try_from(MOST_BYTES).unwrap() + 1),
        Err(Errno::INVAL)
    );
    assert_eq!(read(u32::MAX), Err(Errno::INVAL));
    // A number of nodes that the message has no room for.
    let many = [u32::MAX.to_ne_bytes(), [0; 4]].concat();
    assert_eq!(operation_of(code::BATCH_FORGET, &many), Err(Errno::INVAL));
    let target = [b"x\0".as_slice(), &[b'a'; 4096], b"\0"].concat();
    assert_eq!(
        operation_of(code::SYMLINK, &target),
        Err(Errno::NAMETOOLONG)
    );
}
