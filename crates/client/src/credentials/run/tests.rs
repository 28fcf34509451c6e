use std::time::{Duration, Instant};

use tokio::process::Command;

use super::{Finished, Limits, run};

const LIMITS: Limits = Limits {
    bytes: 1000,
    timeout: Duration::from_secs(10),
    has_group: true,
};

async fn sh(script: &str, limits: Limits) -> Result<Finished, String> {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", script]);
    run(command, b"question", limits).await
}

#[tokio::test]
async fn text_goes_in_and_out() {
    let done = sh("cat; echo note >&2; exit 3", LIMITS).await.unwrap();
    assert_eq!(done.status.code(), Some(3));
    assert_eq!(
        (&done.out[..], &done.err[..]),
        (&b"question"[..], &b"note\n"[..])
    );
    let done = sh("exec <&-; echo deaf", LIMITS).await.unwrap();
    assert_eq!(done.out, b"deaf\n");
}

#[tokio::test]
async fn too_much_output_is_a_fault_at_once() {
    let start = Instant::now();
    let error = sh("yes", LIMITS).await.err().unwrap();
    assert_eq!(error, "it wrote more than 1000 bytes");
    let notes = "head -c 1048576 /dev/zero >&2; echo done";
    let done = sh(notes, LIMITS).await.unwrap();
    assert_eq!((done.out.len(), done.err.len()), (5, 1_048_576));
    let error = sh("yes >&2", LIMITS).await.err().unwrap();
    assert_eq!(error, "it wrote more than 1048576 bytes of errors");
    assert!(start.elapsed() < Duration::from_secs(9));
}

#[tokio::test]
async fn what_takes_too_long_is_killed_with_all_that_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("late");
    let script = format!("(sleep 1; echo > {}) & wait", path.display());
    let limits = Limits {
        timeout: Duration::from_millis(200),
        ..LIMITS
    };
    let error = sh(&script, limits).await.err().unwrap();
    assert_eq!(error, "no answer after 200ms");
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert!(!path.exists());
    // The script would have made it.
    sh(&script, LIMITS).await.unwrap();
    assert!(path.exists());
}

#[tokio::test]
async fn what_is_no_program_is_told() {
    let command = Command::new("/no/such/program");
    let error = run(command, b"", LIMITS).await.err().unwrap();
    assert!(error.starts_with("it cannot be started: "), "{error}");
}
