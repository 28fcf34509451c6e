use lazaret_client::{Class, Credential, LoginFile, PasswordFile, Ping};
use lazaret_values::Secret;

use super::{ask, client_of, user, write};
use crate::support::{Answer, AsRegistry as _, PASSWORD, Peer, full};

/// base64 of `ada:hunter2-correct-horse`.
const BASIC: &str = "Basic YWRhOmh1bnRlcjItY29ycmVjdC1ob3JzZQ==";

fn guarded() -> Peer {
    Peer::start(|seen| match seen.header("authorization") {
        Some(BASIC) => Answer::new(200),
        _ => Answer::new(401).with("WWW-Authenticate", "Basic realm=x"),
    })
}

#[tokio::test]
async fn a_password_comes_from_its_file_and_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "password", "old\n");
    let peer = guarded();
    let source = PasswordFile::new(peer.registry(), "ada", path);
    let client = client_of(source.clone());
    let error = client.ping(&peer.registry()).await.unwrap_err();
    assert_eq!(error.class(), Class::Unauthorized);
    write(folder.path(), "password", &format!("{PASSWORD}\r\n"));
    let ping = client.ping(&peer.registry()).await.unwrap();
    assert_eq!(ping, Ping::Authenticated);
    assert_eq!(user(&source, "other.test").await, "-");
}

#[tokio::test]
async fn a_password_keeps_all_but_its_line_end() {
    let folder = tempfile::tempdir().unwrap();
    for (text, password) in [(" a b \n", " a b "), ("x", "x"), ("x\n\n", "x")] {
        let path = write(folder.path(), "password", text);
        let source = PasswordFile::new("docker.io".parse().unwrap(), "ada", path);
        for name in ["docker.io", "registry-1.docker.io/library/alpine"] {
            let expected = Credential::Basic {
                username: "ada".to_owned(),
                password: Secret::new(password),
            };
            assert_eq!(ask(&source, name).await.unwrap(), Some(expected));
        }
    }
}

#[tokio::test]
async fn a_password_file_without_a_password_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let absent = folder.path().join("absent");
    let long = "hunter2".repeat(200_000);
    for (path, words) in [
        (absent, "does not exist"),
        (folder.path().to_owned(), "regular"),
        (write(folder.path(), "empty", "\n"), "it is empty"),
        (write(folder.path(), "long", &long), "more than"),
    ] {
        let source = PasswordFile::new("reg.test".parse().unwrap(), "ada", path.clone());
        let error = ask(&source, "reg.test").await.unwrap_err();
        assert!(full(&error).contains(words), "{error}");
        assert!(full(&error).contains(&path.display().to_string()));
        assert!(!full(&error).contains("hunter2"));
    }
}

#[tokio::test]
async fn logins_of_the_old_mirror_are_found_by_host() {
    let folder = tempfile::tempdir().unwrap();
    let peer = guarded();
    let text = format!(
        r#"version = 2
[auth."{}"]
username = "ada"
password = "{PASSWORD}"
[auth."Example.azurecr.io"]
username = "00000000-0000-0000-0000-000000000000"
password = "token"
note = "of another program"
[auth."https://index.docker.io/v1/"]
username = "hub"
password = "p"
[auth."bare.test"]
username = "nobody"
"#,
        peer.registry()
    );
    let source = LoginFile::new(write(folder.path(), "login.toml", &text));
    for (name, expected) in [
        (
            "example.azurecr.io/a/b",
            "00000000-0000-0000-0000-000000000000",
        ),
        ("docker.io", "hub"),
        ("bare.test", "-"),
        ("other.test", "-"),
        ("azurecr.io", "-"),
    ] {
        assert_eq!(user(&source, name).await, expected, "{name}");
    }
    let ping = client_of(source).ping(&peer.registry()).await.unwrap();
    assert_eq!(ping, Ping::Authenticated);
}

#[tokio::test]
async fn a_broken_login_file_is_an_error_that_quotes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let absent = LoginFile::new(folder.path().join("absent"));
    assert_eq!(user(&absent, "reg.test").await, "-");
    for text in [
        "[auth.\"reg.test\"]\npassword = hunter2",
        "auth = \"hunter2\"",
        "[auth]\nhunter2 = 1",
        "[auth.\"reg.test\"]\nusername = \"a\"\npassword = 7 # hunter2",
        "hunter2",
    ] {
        let source = LoginFile::new(write(folder.path(), "login.toml", text));
        let error = ask(&source, "reg.test").await.unwrap_err();
        assert!(full(&error).contains("login.toml"), "{error}");
        assert!(full(&error).contains("(line "), "{error}");
        assert!(!full(&error).contains("hunter2"), "{error:?}");
    }
}
