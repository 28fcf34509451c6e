use lazaret_protocol::{FailureKind, TerminalSize};
use rustix::io::Errno;

use super::*;

fn user() -> User {
    User {
        uid: 1000,
        gid: 1000,
        groups: Vec::new(),
        home: "/home/agent".to_owned(),
    }
}

fn process(env: &[&str]) -> Process {
    Process {
        argv: vec!["true".to_owned()],
        env: env.iter().map(ToString::to_string).collect(),
        user: String::new(),
        working_dir: String::new(),
        terminal: None,
        capabilities: None,
    }
}

#[test]
fn the_environment_is_completed_by_home_alone() {
    let user = user();
    let command = process(&["A=b=c", "EMPTY="]);
    let pairs = environment(&command, &user).unwrap();
    assert_eq!(
        pairs,
        [("A", "b=c"), ("EMPTY", ""), ("HOME", "/home/agent")]
    );

    let command = process(&["HOME=/elsewhere"]);
    assert_eq!(
        environment(&command, &user).unwrap(),
        [("HOME", "/elsewhere")]
    );
}

#[test]
fn a_terminal_has_a_type() {
    let user = user();
    let term = |env: &[&str]| {
        let mut command = process(env);
        command.terminal = Some(TerminalSize {
            rows: 24,
            columns: 80,
        });
        let pairs = environment(&command, &user).unwrap();
        let mut types = pairs.iter().filter(|(name, _)| *name == "TERM");
        let found = types.next().map(|(_, value)| (*value).to_owned());
        assert_eq!(types.next(), None);
        found
    };
    assert_eq!(term(&[]).as_deref(), Some("xterm"));
    assert_eq!(term(&["TERM=dumb"]).as_deref(), Some("dumb"));
}

#[test]
fn an_entry_that_is_no_pair_is_refused() {
    for entry in ["NAME", "=value", ""] {
        assert!(
            environment(&process(&[entry]), &user()).is_err(),
            "{entry:?}"
        );
    }
}

#[test]
fn what_the_kernel_refuses_to_run_is_not_executable() {
    let kind = |errno: Errno| explain(errno.into(), Path::new("/bin/tool")).failure().kind;
    assert_eq!(kind(Errno::ACCESS), FailureKind::NotExecutable);
    assert_eq!(kind(Errno::NOEXEC), FailureKind::NotExecutable);
    assert_eq!(kind(Errno::NOENT), FailureKind::NotExecutable);
    assert_eq!(kind(Errno::NOMEM), FailureKind::Machine);
}
