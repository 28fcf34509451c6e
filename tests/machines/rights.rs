//! What the workload may do, and what becomes of one that wants more memory than there is.

use super::Machine;
use crate::support::{Image, World};

/// Takes memory in large pieces until there is none.
const HOG: &str =
    "awk 'BEGIN { s = sprintf(\"%1000000s\", \"x\"); for (i = 0; ; i++) a[i] = s i }'";

/// The five sets of a command, one a line.
const SETS: &str = "grep ^Cap /proc/self/status | tr -d '\\t'";

fn sets(inheritable: &str, permitted: &str, bounding: &str) -> String {
    format!(
        "CapInh:{inheritable}\nCapPrm:{permitted}\nCapEff:{permitted}\nCapBnd:{bounding}\n\
         CapAmb:{inheritable}\n"
    )
}

#[test]
fn a_workload_keeps_the_capabilities_that_it_is_left() {
    const NONE: &str = "0000000000000000";
    // CAP_CHOWN and CAP_NET_RAW.
    const KEPT: &str = "0000000000002001";
    let flags = [
        "--mem",
        "160",
        "--cap-drop",
        "ALL",
        "--cap-add",
        "CAP_CHOWN",
    ];
    let flags = [&flags[..], &["--cap-add", "net_raw"]].concat();
    let machine = Machine::run("rights", &flags, &format!("{SETS}; exec sleep 1000"));
    machine.wait_for_logs(&sets(NONE, KEPT, KEPT));
    let exec = |flags: &[&str], script: &str| {
        let command = ["{}", "sh", "-c", script];
        machine.with(&[&["exec"], flags, &command].concat())
    };
    // A command has what the workload has; another user than root has nothing.
    assert_eq!(exec(&[], SETS).success().stdout, sets(NONE, KEPT, KEPT));
    let of_user = exec(&["-u", "1000"], SETS).success().stdout;
    assert_eq!(of_user, sets(NONE, NONE, KEPT));
    exec(&[], "touch /f && chown 7 /f").success();
    exec(&[], "mknod /n c 1 3").fails(1, &["not permitted"]);
    exec(&[], "mount -t tmpfs none /tmp").status(1);
    exec(&["--privileged"], "mknod /n c 1 3").success();
    let inspected = machine.with(&["inspect", "{}"]).success().stdout;
    let inspected: serde_json::Value = serde_json::from_str(&inspected).unwrap();
    let listed = &inspected[0]["config"]["capabilities"];
    assert_eq!(*listed, serde_json::json!(["CAP_CHOWN", "CAP_NET_RAW"]));
    assert_eq!(inspected[0]["state"]["oom_killed"], false);
    // A command that the kernel ends for lack of memory; the workload goes on.
    exec(&[], HOG).fails(137, &["no more memory"]);
    assert_eq!(exec(&[], "kill -9 $$").status(137).stderr, "");
    assert_eq!(machine.state(), "running");
}

#[test]
fn a_workload_without_memory_is_known() {
    let world = World::new();
    let lazaret = world.imported(Image::busybox(), "hungry");
    let run = [
        "-q",
        "run",
        "--name",
        "hungry",
        "--privileged",
        "--mem",
        "160",
    ];
    let script = format!("grep CapEff /proc/self/status; exec {HOG}");
    let ended = lazaret.run([&run[..], &["hungry", "sh", "-c", &script]].concat());
    assert!(ended.stdout.contains("000001ffffffffff"), "{ended:?}");
    ended.fails(137, &["no more memory"]);
    let inspected = lazaret.run(["inspect", "hungry"]).success().stdout;
    let inspected: serde_json::Value = serde_json::from_str(&inspected).unwrap();
    assert_eq!(inspected[0]["state"]["oom_killed"], true);
    assert_eq!(inspected[0]["state"]["exit_code"], 137);
    lazaret.run(["rm", "hungry"]).success();
    let refused = lazaret.run(["run", "--cap-drop", "NET", "hungry", "true"]);
    refused.fails(2, &["'NET' is no capability"]);
}
