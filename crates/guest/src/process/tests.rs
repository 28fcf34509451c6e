use lazaret_protocol::FailureKind;
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

#[test]
fn the_environment_is_completed_by_home_alone() {
    let user = user();
    let entries = ["A=b=c", "EMPTY="].map(str::to_owned);
    let pairs = environment(&entries, &user).unwrap();
    assert_eq!(
        pairs,
        [("A", "b=c"), ("EMPTY", ""), ("HOME", "/home/agent")]
    );

    let entries = ["HOME=/elsewhere".to_owned()];
    assert_eq!(
        environment(&entries, &user).unwrap(),
        [("HOME", "/elsewhere")]
    );
}

#[test]
fn an_entry_that_is_no_pair_is_refused() {
    for entry in ["NAME", "=value", ""] {
        assert!(
            environment(&[entry.to_owned()], &user()).is_err(),
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
