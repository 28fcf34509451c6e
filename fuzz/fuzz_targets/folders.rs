//! Requests of a hostile guest for a folder of the host: whatever they ask for, nothing beside the folder
//! is read or changes, and the server does not fail.
#![no_main]

use std::fs;
use std::os::unix::fs::symlink;

use lazaret_folders::{Request, Shared, serve_here};
use lazaret_protocol::FolderHead;
use libfuzzer_sys::fuzz_target;

/// A request for each piece of the bytes: kind, node and length of the content, one byte each, then the
/// content.
fn stream(mut bytes: &[u8]) -> Vec<u8> {
    let mut stream = Vec::new();
    while let Some(([kind, node, length], rest)) = bytes.split_first_chunk() {
        let (content, rest) = rest.split_at(usize::from(*length).min(rest.len()));
        bytes = rest;
        let length = u32::try_from(40 + content.len()).expect("it is small");
        stream.extend(FolderHead { number: 0, length }.encode());
        stream.extend(length.to_ne_bytes());
        stream.extend(u32::from(*kind).to_ne_bytes());
        stream.extend(7_u64.to_ne_bytes());
        stream.extend(u64::from(*node).to_ne_bytes());
        stream.extend([0; 16]);
        stream.extend(content);
    }
    stream
}

fuzz_target!(|bytes: &[u8]| {
    let _ = Request::parse(bytes);
    let around = tempfile::tempdir().expect("a temporary folder");
    let (path, beside) = (around.path().join("shared"), around.path().join("beside"));
    fs::create_dir(&path).expect("the folder");
    fs::write(&beside, "what nobody reads").expect("a file beside it");
    fs::write(path.join("a"), "a").expect("a file");
    symlink("..", path.join("b")).expect("a link");
    let shared = Shared {
        path,
        read_only: bytes.len() % 4 == 0,
    };
    let mut replies = Vec::new();
    let _ = serve_here(bytes, &mut replies, std::slice::from_ref(&shared));
    let _ = serve_here(&stream(bytes)[..], &mut replies, &[shared]);
    let secret = b"what nobody reads";
    assert!(!replies.windows(secret.len()).any(|piece| piece == secret));
    assert_eq!(fs::read(&beside).expect("the file"), secret);
    assert_eq!(fs::read_dir(around.path()).expect("both").count(), 2);
});
