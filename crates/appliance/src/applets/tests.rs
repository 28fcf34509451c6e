use super::*;
use crate::image::fixtures::applet_table;

#[test]
fn the_table_ends_where_its_names_do() {
    let mut program = b"some bytes\0[\0[[\0no".to_vec();
    program.extend(applet_table(&["[", "[[", "ash", "mount", "sh"]));
    program.extend(b"not one of them\0");
    assert_eq!(
        applets(&program).unwrap(),
        ["[", "[[", "ash", "mount", "sh"]
    );
}

#[test]
fn what_has_no_table_is_no_busybox() {
    assert_eq!(applets(b""), None);
    assert_eq!(applets(b"\0[\0[[\0"), None);
    assert_eq!(applets(&applet_table(&["[", "[[", "ash"])), None);
    assert_eq!(applets(&b"\0[\0[[\0".repeat(1000)), None);
}

/// The busybox of this machine, if it has one, says the same itself.
#[test]
fn the_applets_of_a_real_busybox_are_those_that_it_lists() {
    let Ok(said) = std::process::Command::new("busybox").arg("--list").output() else {
        return;
    };
    let Ok(program) = std::fs::read("/usr/bin/busybox").or_else(|_| std::fs::read("/bin/busybox"))
    else {
        return;
    };
    let said = String::from_utf8(said.stdout).unwrap();
    assert_eq!(applets(&program).unwrap(), said.lines().collect::<Vec<_>>());
}
