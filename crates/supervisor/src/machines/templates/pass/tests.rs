use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::net::UnixStream;

use super::*;

#[test]
fn a_file_passes_over_a_socket() {
    let (here, there) = UnixStream::pair().unwrap();
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(b"content").unwrap();
    send(&here, file.as_fd()).unwrap();
    let mut passed = std::fs::File::from(receive(&there).unwrap());
    passed.rewind().unwrap();
    let mut text = String::new();
    passed.read_to_string(&mut text).unwrap();
    assert_eq!(text, "content");
    drop(here);
    assert!(receive(&there).is_err());
}
