use std::sync::{Arc, Mutex};
use std::time::Instant;

use lazaret_client::Progress;
use lazaret_oci::Descriptor;

use super::*;

/// Keeps what is shown.
#[derive(Default)]
struct Screen(Mutex<Vec<String>>);

impl Progress for Screen {
    fn started(&self, _: &Descriptor) {}
    fn advanced(&self, _: &Descriptor, _: u64) {}
    fn finished(&self, _: &Descriptor) {}
    fn note(&self, what: &str) {
        self.0.lock().unwrap().push(what.to_owned());
    }
}

/// Runs a script within a time; returns its end and what was shown.
fn run(script: &str, limit: Duration, answers: bool) -> (Result<Vec<u8>, BuildError>, Vec<String>) {
    let screen = Arc::new(Screen::default());
    let sink: ProgressSink = screen.clone();
    let program = Program {
        name: "script",
        path: Path::new("/bin/sh"),
        arguments: vec!["-c".into(), script.into()],
        limit,
        answers,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let result = runtime.unwrap().block_on(program.run(&sink));
    let shown = screen.0.lock().unwrap().clone();
    (result, shown)
}

const LONG: Duration = Duration::from_secs(30);

#[test]
fn what_a_program_says_is_shown_and_cannot_drive_a_terminal() {
    let (result, shown) = run(
        "echo one; printf 'two\\033[2J\\r\\n'; printf three",
        LONG,
        false,
    );
    result.unwrap();
    assert_eq!(shown, ["one", "two\\u{1b}[2J", "three"]);
}

#[test]
fn an_answer_is_kept_and_only_errors_are_shown() {
    let (result, shown) = run("echo /the/path; echo warning >&2", LONG, true);
    assert_eq!(result.unwrap(), b"/the/path\n");
    assert_eq!(shown, ["warning"]);
}

#[test]
fn a_program_that_fails_says_how() {
    let (result, _) = run("exit 3", LONG, false);
    assert_eq!(
        result.unwrap_err().to_string(),
        "'script' failed: exit status: 3"
    );
    let (result, _) = run("kill -9 $$", LONG, false);
    assert!(result.unwrap_err().to_string().contains("signal: 9"));
}

#[test]
fn a_program_that_hangs_is_ended_with_its_children() {
    let begun = Instant::now();
    let (result, shown) = run(
        "sleep 600 & echo $!; wait",
        Duration::from_millis(700),
        false,
    );
    assert_eq!(
        result.unwrap_err().to_string(),
        "'script' failed: it took longer than 0 s"
    );
    assert!(begun.elapsed() < Duration::from_secs(20));
    let child = Path::new("/proc").join(&shown[0]).join("stat");
    let deadline = Instant::now() + Duration::from_secs(10);
    let is_alive = || {
        let stat = std::fs::read_to_string(&child).unwrap_or_default();
        stat.rsplit(')')
            .next()
            .is_some_and(|rest| rest.len() > 1 && !rest.starts_with(" Z"))
    };
    while is_alive() {
        assert!(Instant::now() < deadline, "the child of the program lives");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn what_a_program_leaves_behind_does_not_hold_anybody_up() {
    let begun = Instant::now();
    let (result, _) = run("sleep 600 & exit 0", LONG, false);
    result.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(20));
}

#[test]
fn output_without_end_is_cut_and_ended() {
    let (result, shown) = run("yes", Duration::from_secs(2), false);
    assert!(result.is_err());
    assert_eq!(shown.len(), LINES + 1);
    assert_eq!(shown.last().unwrap(), "... (more is not shown)");
    let (result, _) = run("head -c 100000 /dev/zero", LONG, true);
    assert!(
        result
            .unwrap_err()
            .to_string()
            .ends_with("its answer is too long")
    );
}

#[test]
fn programs_are_found_in_the_path_only() {
    assert!(find("sh", OsStr::new("/nowhere:/bin:/usr/bin")).is_ok());
    assert!(find("sh", OsStr::new("relative:")).is_err());
    assert!(find("/bin/sh", OsStr::new("")).is_ok());
    let error = find("no\u{1b}program", OsStr::new("/bin")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no program 'no\\u{1b}program' here"
    );
}
