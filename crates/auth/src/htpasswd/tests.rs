//! Tests of the htpasswd file.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use argon2::{Argon2, CustomizedPasswordHasher as _};

use super::users::Users;
use super::{Passwords, Verdict};

const START: Duration = Duration::from_secs(1_000_000);

fn bcrypt_line(user: &str, password: &str) -> String {
    format!("{user}:{}\n", bcrypt::hash(password, 4).unwrap())
}

fn argon2_line(user: &str, password: &str, kind: &str) -> String {
    let parameters = argon2::Params::new(64, 1, 1, None).unwrap();
    let hash = Argon2::default()
        .hash_password_customized(
            password.as_bytes(),
            b"salty-salt",
            Some(kind),
            None,
            parameters,
        )
        .unwrap();
    format!("{user}:{hash}\n")
}

async fn verdict(passwords: &Passwords, user: &str, password: &str, now: Duration) -> Verdict {
    let verdict = passwords.verify(user, password, now, || Ok::<_, ()>(()));
    verdict.await.unwrap()
}

fn open(path: &Path) -> Passwords {
    Passwords::open(path).unwrap_or_else(|error| panic!("{error:?}"))
}

#[tokio::test]
async fn slow_hashes_of_every_kind_are_verified() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("users");
    let mut text = String::from("# users\n\n");
    for (user, version) in [("a", "$2a$"), ("b", "$2b$"), ("y", "$2y$")] {
        text += &bcrypt_line(user, "correct horse").replacen("$2b$", version, 1);
    }
    text += &argon2_line("id", "correct horse", "argon2id");
    text += &argon2_line("i", "correct horse", "argon2i");
    fs::write(&path, text).unwrap();
    let passwords = open(&path);
    for user in ["a", "b", "y", "id", "i"] {
        assert_eq!(
            verdict(&passwords, user, "correct horse", START).await,
            Verdict::Right,
            "{user}"
        );
        assert_eq!(
            verdict(&passwords, user, "correct", START).await,
            Verdict::Wrong,
            "{user}"
        );
        assert_eq!(
            verdict(&passwords, user, "", START).await,
            Verdict::Wrong,
            "{user}"
        );
    }
    assert_eq!(
        verdict(&passwords, "nobody", "correct horse", START).await,
        Verdict::Wrong
    );
    assert_eq!(verdict(&passwords, "", "", START).await, Verdict::Wrong);
    let long = "x".repeat(100_000);
    assert_eq!(verdict(&passwords, "a", &long, START).await, Verdict::Wrong);
}

/// The file was written by Apache's `htpasswd`.
#[tokio::test]
async fn the_file_of_apache_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("users");
    let output = std::process::Command::new("htpasswd")
        .args(["-cbB", "-C", "4"])
        .arg(&path)
        .args(["alice", "pässwörd"])
        .output()
        .unwrap_or_else(|error| panic!("htpasswd cannot be started, is it installed? {error}"));
    assert!(output.status.success(), "{output:?}");
    let passwords = open(&path);
    assert_eq!(
        verdict(&passwords, "alice", "pässwörd", START).await,
        Verdict::Right
    );
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_first_name() {
    let text = format!("\u{feff}{}", bcrypt_line("alice", "x"));
    assert!(Users::parse(&text).unwrap().hash("alice").is_some());
}

#[test]
fn weak_and_broken_lines_are_named_but_not_repeated() {
    let good = bcrypt_line("good", "x");
    let hash = good.trim().split_once(':').unwrap().1.to_owned();
    let table = [
        ("alice:$apr1$zzsecret$T0k9QH0hyUvWhb0yJfXq8/", "MD5"),
        ("alice:$1$zzsecret$T0k9QH0hyUvWhb0yJfXq8/", "MD5"),
        ("alice:{SHA}zzsecretW6ph5Mm5Pz8GgiULbPgzG37mj9g=", "SHA-1"),
        ("alice:$6$zzsecret$abcdef", "crypt"),
        ("alice:zzsecretAAAAA", "neither bcrypt nor argon2"),
        ("alice:", "neither bcrypt nor argon2"),
        ("alice", "not user:hash"),
        (":$2y$05$zzsecret", "name is empty"),
        ("alice:$2y$05$zzsecret", "damaged"),
        ("alice:$argon2id$v=19$m=64,t=1,p=1$zzsecret", "damaged"),
        (
            "alice:$argon2id$v=19$m=4194304,t=1,p=1$c2FsdHlzYWx0$AAAAAAAAAAAAAAAAAAAAAA",
            "256 MiB",
        ),
        (
            "alice:$argon2d$v=19$m=64,t=1,p=1$c2FsdHlzYWx0$AAAAAAAAAAAAAAAAAAAAAA",
            "argon2d",
        ),
        (&format!("good:{hash}"), "already"),
        (
            &format!("alice:{}", hash.replacen("$04$", "$31$", 1)),
            "between 4 and 15",
        ),
    ];
    for (line, expected) in table {
        let error = Users::parse(&format!("{good}{line}\n")).unwrap_err();
        assert_eq!(error.line, 2, "{line}");
        let text = format!("{error} {error:?}");
        assert!(text.contains(expected), "{line}: {text}");
        assert!(
            !text.contains("zzsecret") && !text.contains(&hash),
            "{text}"
        );
    }
}

#[tokio::test]
async fn a_changed_file_counts_at_once_and_a_broken_one_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("users");
    fs::write(&path, bcrypt_line("alice", "old")).unwrap();
    let passwords = open(&path);
    let mut now = START;
    let proof = passwords.proof("alice", now).await;
    assert_eq!(
        verdict(&passwords, "alice", "old", now).await,
        Verdict::Right
    );

    fs::write(&path, bcrypt_line("alice", "new")).unwrap();
    now += Duration::from_secs(2);
    assert_eq!(
        verdict(&passwords, "alice", "old", now).await,
        Verdict::Wrong,
        "remembered"
    );
    assert_eq!(
        verdict(&passwords, "alice", "new", now).await,
        Verdict::Right
    );
    assert_ne!(passwords.proof("alice", now).await, proof);

    fs::write(&path, "alice:{SHA}xxx\n").unwrap();
    now += Duration::from_secs(2);
    assert_eq!(
        verdict(&passwords, "alice", "new", now).await,
        Verdict::Right
    );

    fs::remove_file(&path).unwrap();
    now += Duration::from_secs(2);
    assert_eq!(
        verdict(&passwords, "alice", "new", now).await,
        Verdict::Right
    );

    // A read of it would wait for a writer.
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    assert!(made.unwrap().success());
    now += Duration::from_secs(2);
    assert_eq!(
        verdict(&passwords, "alice", "new", now).await,
        Verdict::Right
    );
    fs::remove_file(&path).unwrap();

    fs::write(&path, bcrypt_line("bob", "new")).unwrap();
    now += Duration::from_secs(2);
    assert_eq!(
        verdict(&passwords, "alice", "new", now).await,
        Verdict::Wrong
    );
    assert_eq!(passwords.proof("alice", now).await, None);
    assert_eq!(verdict(&passwords, "bob", "new", now).await, Verdict::Right);
}

/// A login during a change of the file gets the verdict of one of the two versions.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_under_load_gives_nobody_a_wrong_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("users");
    let both = bcrypt_line("stays", "right") + &bcrypt_line("goes", "right");
    let one = bcrypt_line("stays", "right");
    fs::write(&path, &both).unwrap();
    let passwords = std::sync::Arc::new(open(&path));
    let mut now = START;
    for round in 0..20 {
        now += Duration::from_secs(2);
        let logins: Vec<_> = (0..4)
            .map(|_| {
                let passwords = std::sync::Arc::clone(&passwords);
                tokio::spawn(async move { verdict(&passwords, "stays", "right", now).await })
            })
            .collect();
        let staged = folder.path().join("staged");
        fs::write(&staged, if round % 2 == 0 { &one } else { &both }).unwrap();
        fs::rename(&staged, &path).unwrap();
        for login in logins {
            assert_eq!(login.await.unwrap(), Verdict::Right);
        }
        now += Duration::from_secs(2);
        let expected = if round % 2 == 0 {
            Verdict::Wrong
        } else {
            Verdict::Right
        };
        assert_eq!(
            verdict(&passwords, "goes", "right", now).await,
            expected,
            "round {round}"
        );
    }
}

#[tokio::test]
async fn equal_logins_share_one_look_and_success_is_remembered_for_a_minute() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("users");
    fs::write(&path, bcrypt_line("alice", "right")).unwrap();
    let passwords = open(&path);
    let looks = AtomicUsize::new(0);
    let login = |password: &'static str, now| {
        passwords.verify("alice", password, now, || {
            looks.fetch_add(1, Ordering::Relaxed);
            Ok::<_, ()>(())
        })
    };
    let (a, b, c) = tokio::join!(
        login("right", START),
        login("right", START),
        login("right", START)
    );
    assert_eq!(
        (a, b, c),
        (Ok(Verdict::Right), Ok(Verdict::Right), Ok(Verdict::Right))
    );
    assert_eq!(looks.load(Ordering::Relaxed), 1);
    login("right", START + Duration::from_millis(500))
        .await
        .unwrap();
    assert_eq!(looks.load(Ordering::Relaxed), 1);
    // Failures are not remembered.
    for _ in 0..2 {
        assert_eq!(login("wrong", START).await, Ok(Verdict::Wrong));
    }
    assert_eq!(looks.load(Ordering::Relaxed), 3);
    login("right", START + Duration::from_secs(61))
        .await
        .unwrap();
    assert_eq!(looks.load(Ordering::Relaxed), 4);
    let refused = passwords
        .verify("alice", "other", START, || Err("not now"))
        .await;
    assert_eq!(refused, Err("not now"));
}
