use std::io::Read as _;
use std::os::unix::net::UnixStream;

use super::*;

/// A link with one folder, of number 3: its port, the kernel's end of the folder, and itself.
fn link() -> (UnixStream, UnixStream, Link) {
    let (host, port) = UnixStream::pair().unwrap();
    let (kernel, device) = UnixStream::pair().unwrap();
    port.set_nonblocking(true).unwrap();
    kernel.set_nonblocking(true).unwrap();
    let state = State {
        folders: BTreeMap::from([(3, Arc::new(device.into()))]),
        ..State::default()
    };
    let link = Link {
        port: port.into(),
        writing: Mutex::default(),
        state: Mutex::new(state),
    };
    (host, kernel, link)
}

/// A reply of 20 bytes to request 7, with its head.
fn reply(folder: u32) -> Vec<u8> {
    let head = FolderHead {
        number: folder,
        length: 20,
    };
    let message = [
        &20_u32.to_ne_bytes()[..],
        &[0; 4],
        &7_u64.to_ne_bytes(),
        b"data",
    ];
    [&head.encode()[..], &message.concat()].concat()
}

fn heard(kernel: &mut UnixStream) -> Vec<u8> {
    let mut bytes = vec![0; 256];
    let length = kernel.read(&mut bytes).unwrap_or_default();
    bytes.truncate(length);
    bytes
}

#[test]
fn a_reply_goes_whole_to_its_folder() {
    let (_host, mut kernel, link) = link();
    assert!(link.expect((3, 7)));
    let whole = reply(3);
    for length in 0..whole.len() {
        assert!(deliver(&link, &whole[..length]).is_none(), "{length}");
    }
    assert_eq!(deliver(&link, &whole), Some(Ok(28)));
    assert_eq!(heard(&mut kernel), whole[8..]);
    assert!(link.state().waiting.is_empty());
    // Of a folder that is not there, it is nobody's.
    assert_eq!(deliver(&link, &reply(4)), Some(Ok(28)));
    assert!(heard(&mut kernel).is_empty());
    let too_long = [0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff];
    assert_eq!(deliver(&link, &too_long), Some(Err(Errno::PROTO)));
}

#[test]
fn without_a_host_every_request_fails() {
    let (host, mut kernel, link) = link();
    assert!(link.expect((3, 7)));
    drop(host);
    carry_replies(&link);
    let failure = heard(&mut kernel);
    assert_eq!(failure[..4], 16_u32.to_ne_bytes());
    assert_eq!(failure[4..8], (-5_i32).to_ne_bytes());
    assert_eq!(failure[8..], 7_u64.to_ne_bytes());
    assert!(!link.expect((3, 8)));
    link.fail((3, 8));
    assert_eq!(heard(&mut kernel)[8..], 8_u64.to_ne_bytes());
}
