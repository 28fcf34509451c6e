use std::os::unix::fs::PermissionsExt as _;

use super::*;

#[test]
fn one_listens_and_the_next_one_is_told_who() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/api.sock");
    let socket = Socket::bind(&path).unwrap();
    let mode = fs::symlink_metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o600);
    let refused = Socket::bind(&path).unwrap_err().to_string();
    assert!(
        refused.contains("api.sock") && refused.contains("process"),
        "{refused}"
    );
    drop(socket);
    assert!(!path.exists());
    drop(Socket::bind(&path).unwrap());
}

#[test]
fn only_a_stale_socket_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("api.sock");
    drop(UnixListener::bind(&path).unwrap());
    drop(Socket::bind(&path).unwrap());
    let other = UnixListener::bind(&path).unwrap();
    assert!(matches!(Socket::bind(&path), Err(Error::Taken { .. })));
    drop(other);
    fs::remove_file(&path).unwrap();
    fs::write(&path, "mine").unwrap();
    assert!(matches!(Socket::bind(&path), Err(Error::Foreign { .. })));
    assert_eq!(fs::read(&path).unwrap(), b"mine");
    let long = folder.path().join("a".repeat(200));
    assert!(matches!(Socket::bind(&long), Err(Error::Io { .. })));
}

#[test]
fn what_is_passed_must_be_a_listening_socket() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("passed");
    let listener = UnixListener::bind(&path).unwrap();
    let socket = Socket::inherited(listener.into()).unwrap();
    assert!(socket.address().ends_with("/passed"));
    drop(socket);
    assert!(path.exists());
    let file = File::open("/dev/null").unwrap();
    assert!(matches!(
        Socket::inherited(file.into()),
        Err(Error::Inherited)
    ));
    let (one, _other) = UnixStream::pair().unwrap();
    assert!(matches!(
        Socket::inherited(one.into()),
        Err(Error::Inherited)
    ));
}
