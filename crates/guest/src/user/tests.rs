use super::*;

const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\n\
    # a comment\n\
    broken:x:one:1::/:\n\
    agent:x:1000:1001:Agent:/home/agent:/bin/bash\n\
    1234:x:77:78::/odd:\n\
    homeless:x:5:6";
const GROUP: &str = "root:x:0:\nwheel:x:10:root,agent\nagent:x:1001:\ndocker:x:999:agent\n";

#[track_caller]
fn check(wanted: &str, uid: u32, gid: u32, groups: &[u32], home: &str) {
    let expected = User {
        uid,
        gid,
        groups: groups.to_vec(),
        home: home.to_owned(),
    };
    assert_eq!(
        resolve(wanted, PASSWD, GROUP).unwrap(),
        expected,
        "{wanted:?}"
    );
}

#[test]
fn users_resolve_as_in_container_engines() {
    check("", 0, 0, &[10], "/root");
    check("0", 0, 0, &[10], "/root");
    check("agent", 1000, 1001, &[10, 999], "/home/agent");
    check("1000", 1000, 1001, &[10, 999], "/home/agent");
    check("agent:wheel", 1000, 10, &[], "/home/agent");
    check("agent:", 1000, 1001, &[10, 999], "/home/agent");
    check("1000:2000", 1000, 2000, &[], "/home/agent");
    check("4000", 4000, 0, &[], "/");
    check("4000:5000", 4000, 5000, &[], "/");
    check(":999", 0, 999, &[], "/root");
    check("homeless", 5, 6, &[], "/");
}

#[test]
fn a_name_of_digits_wins_over_the_number() {
    check("1234", 77, 78, &[], "/odd");
}

#[test]
fn unknown_names_are_named() {
    let message = |wanted| resolve(wanted, PASSWD, GROUP).unwrap_err().to_string();
    assert_eq!(
        message("nobody"),
        "user `nobody` is not in the image's /etc/passwd"
    );
    assert_eq!(
        message("agent:staff"),
        "group `staff` is not in the image's /etc/group"
    );
    assert_eq!(message("+5"), "user `+5` is not in the image's /etc/passwd");
    assert_eq!(
        message("4294967295"),
        "user `4294967295` is not in the image's /etc/passwd"
    );
}

#[test]
fn an_image_without_accounts_runs_numbers() {
    let root = User {
        uid: 0,
        gid: 0,
        groups: vec![],
        home: "/".to_owned(),
    };
    assert_eq!(resolve("", "", "").unwrap(), root);
}
