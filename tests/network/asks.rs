//! A person is asked, and the request waits.

use std::process::Child;

use super::{policy, port, rule, server, sh, sleeper};
use crate::machines::{Machine, Window, eventually};
use crate::support::{Image, World};

/// The ids of the requests that wait.
pub(super) fn waiting(machine: &Machine) -> Vec<String> {
    let listed = machine
        .with(&["--format", "json", "approve"])
        .success()
        .stdout;
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    let of_machine = listed.as_array().unwrap().iter();
    let of_machine = of_machine.filter(|asked| asked["machine_name"] == machine.name.as_str());
    of_machine
        .map(|asked| asked["id"].as_str().unwrap().to_owned())
        .collect()
}

/// What a command printed that must succeed.
pub(super) fn passed(command: Child) -> String {
    let output = command.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_request_waits_until_somebody_answers() {
    let served = server("answered");
    let at = port(&served);
    let rules = policy(&rule("api.example.com", "verdict: ask"));
    let (machine, _world) = sleeper("asks", &rules, &["api.example.com"], &[]);
    let get = |path: &str| {
        let script = format!("wget -q -O - http://api.example.com:{at}/{path} 2>&1");
        machine.spawn(&script)
    };
    let ask = |path: &str| {
        let request = get(path);
        eventually("asked", || waiting(&machine).len() == 1);
        (request, waiting(&machine).remove(0))
    };
    let (request, id) = ask("once");
    assert_eq!(served.seen().len(), 0);
    machine.with(&["approve", &id]).success();
    assert_eq!(passed(request), "answered");
    let (request, id) = ask("never");
    machine.with(&["approve", "--deny", &id]).success();
    assert!(!request.wait_with_output().unwrap().status.success());
    let (request, id) = ask("all");
    machine.with(&["approve", "--for", "run", &id]).success();
    assert_eq!(passed(request), "answered");
    // Nobody is asked any more.
    assert_eq!(passed(get("more")), "answered");
    machine.with(&["approve", &id]).status(4);
    machine.with(&["approve", "nonsense"]).status(2);
}

#[test]
fn a_request_that_nobody_answers_is_refused() {
    let served = server("never");
    let at = port(&served);
    let rules = policy(&rule("api.example.com", "verdict: ask"));
    let flags = ["--ask-timeout", "1"];
    let (machine, _world) = sleeper("unasked", &rules, &["api.example.com"], &flags);
    let refused = sh(
        &machine,
        &format!("wget -q -O - http://api.example.com:{at}/ 2>&1"),
    );
    assert_eq!(refused.status, Some(1), "{refused:?}");
    assert!(refused.stdout.contains("403"), "{refused:?}");
    assert_eq!(served.seen().len(), 0);
}

#[test]
fn an_answer_for_always_stands_in_the_policy_file_and_shows_its_change() {
    let served = server("answered");
    let at = port(&served);
    let rules = format!(
        "# who may be asked\n{}",
        policy(&rule("api.example.com", "verdict: ask"))
    );
    let hosts = ["api.example.com", "other.example.com"];
    let (machine, world) = sleeper("always", &rules, &hosts, &[]);
    let get = |host: &str| {
        let script = format!("wget -q -O - http://{host}:{at}/ 2>&1");
        machine.spawn(&script)
    };
    let request = get("api.example.com");
    eventually("asked", || waiting(&machine).len() == 1);
    let id = waiting(&machine).remove(0);
    let file = world.path("other.yaml").display().to_string();
    // It says where it would stand only together with `--for always`.
    machine.with(&["approve", "--policy", &file, &id]).status(2);
    let shown = machine.with(&["approve", "--for", "always", &id]).success();
    let added =
        format!("+    - match: api.example.com\n+      verdict: allow\n+      ports: [{at}]\n");
    for part in ["--- ", "policy.yaml\n@@ -", added.as_str()] {
        assert!(shown.stdout.contains(part), "{part}: {}", shown.stdout);
    }
    assert_eq!(passed(request), "answered");
    let now = std::fs::read_to_string(world.path("policy.yaml")).unwrap();
    assert!(now.starts_with("# who may be asked\n"), "{now}");
    assert!(now.contains("verdict: ask"), "{now}");
    assert_eq!(passed(get("api.example.com")), "answered");
    // Another machine with that file need not ask.
    let flags = ["--policy", &world.path("policy.yaml").display().to_string()];
    let flags = [&flags[..], &["--add-host", "api.example.com:host-gateway"]].concat();
    let other = Machine::run("always2", &flags, "exec sleep 1000");
    let script = format!("wget -q -O - http://api.example.com:{at}/");
    assert_eq!(sh(&other, &script).success().stdout, "answered");
}

#[test]
fn a_person_at_the_terminal_is_asked() {
    let served = server("answered");
    let at = port(&served);
    let world = World::new();
    let lazaret = world.imported(Image::busybox(), "prompt");
    let rules = policy(&rule("api.example.com", "verdict: ask"));
    let file = world.write("policy.yaml", rules);
    let window = Window::open(&lazaret, "prompt");
    let get = |path: &str| format!("wget -q -O - http://api.example.com:{at}/{path} 2>&1");
    let script = format!("{}; echo; {}; {}", get("one"), get("two"), get("three"));
    window.enter(&format!(
        "lazaret -q run --rm --name prompt --policy {} \
         --add-host api.example.com:host-gateway prompt sh -c '{script}'; echo status $?",
        file.display()
    ));
    // What is typed before there is a question, or without its code, answers nothing.
    window.wait_for(&format!("prompt asks: GET api.example.com:{at}/one"));
    window.enter("y");
    window.enter("y 99");
    window.enter(&format!("y {}", code(&window, "/one")));
    window.wait_for("answered");
    window.wait_for(&format!("prompt asks: GET api.example.com:{at}/two"));
    window.enter("n");
    window.wait_for(&format!("prompt asks: GET api.example.com:{at}/three"));
    window.enter(&format!("a {}", code(&window, "/three")));
    window.wait_for("+    - match: api.example.com");
    window.wait_for("answeredstatus 0");
    assert_eq!(served.seen().len(), 2);
}

/// The code of the question about this path.
fn code(window: &Window, path: &str) -> String {
    let mut found = None;
    eventually("a code", || {
        let screen = window.screen();
        let behind = screen
            .rsplit_once(&format!("{path} ("))
            .map(|(_, behind)| behind);
        let codes = behind.and_then(|behind| behind.split_once("permit it? y "));
        found = codes.and_then(|(_, codes)| Some(codes.split_once(':')?.0.to_owned()));
        found.is_some()
    });
    found.unwrap()
}
