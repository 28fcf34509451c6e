use super::*;

fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}

#[test]
fn it_says_where_it_listens_and_ends_when_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let script = "echo at one; echo at two; echo noise >&2; exec sleep 1000";
    let (server, lines) = Server::announced(&mut shell(script), &log, 2).unwrap();
    assert_eq!(lines, ["at one", "at two"]);
    let id = server.id();
    while server.log() != "noise\n" {
        std::thread::sleep(PAUSE);
    }
    assert!(server.usage().peak_memory > 0);
    drop(server);
    assert_eq!(Usage::of(id), Usage::default());
}

#[test]
fn one_that_fails_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let script = "echo one; echo no room >&2; exit 3";
    let failure = Server::announced(&mut shell(script), &log, 2).unwrap_err();
    assert_eq!(failure.ended.and_then(|status| status.code()), Some(3));
    assert!(failure.to_string().contains("no room"), "{failure}");
    let failure = Server::ready(&mut shell(script), &log, || false).unwrap_err();
    assert_eq!(failure.ended.and_then(|status| status.code()), Some(3));
}

#[test]
fn one_that_is_asked_first_may_tidy_up() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    let script = "trap 'echo tidy > done; exit 0' TERM; echo ready; while :; do sleep 0.01; done";
    let mut command = shell(script);
    command.current_dir(folder.path());
    let (server, _) = Server::announced(&mut command, &place("log"), 1).unwrap();
    drop(server.asked_first());
    assert_eq!(std::fs::read_to_string(place("done")).unwrap(), "tidy\n");
}

#[test]
fn free_ports_differ() {
    let ports = free_ports::<20>();
    let different: std::collections::BTreeSet<u16> = ports.into();
    assert_eq!(different.len(), 20);
}
