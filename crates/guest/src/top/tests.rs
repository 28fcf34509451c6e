use super::*;

#[test]
fn a_line_of_stat_is_read_whatever_the_name_is() {
    let numbers = "S 7 12 12 34816 1 4194304 1 0 0 0 250 50 0 0 20 0 1 0 4200 1000 5";
    for name in ["sh", "a b", ") S 1 (", "", "x\ny"] {
        let stat = Stat::parse(&format!("12 ({name}) {numbers}\n")).unwrap();
        let expected = Stat {
            pid: 12,
            name: name.to_owned(),
            state: 'S',
            parent: 7,
            terminal: 34816,
            worked: 300,
            started: 4200,
        };
        assert_eq!(stat, expected, "{name:?}");
    }
    for broken in ["", "12 (sh", "12 (sh) S 7", "x (sh) S 7 12 12 0"] {
        assert_eq!(Stat::parse(broken), None, "{broken:?}");
    }
}

#[test]
fn this_process_is_described() {
    let users = HashMap::from([(rustix::process::geteuid().as_raw(), "somebody")]);
    let found = describe(Path::new("/proc/self"), &users, u64::MAX, 100).unwrap();
    assert_eq!(found.pid, std::process::id());
    assert_eq!(found.user.as_deref(), Some("somebody"));
    assert!(found.command.contains("lazaret"), "{found:?}");
    assert!(found.age > 0);
}

#[test]
fn uptime_is_read_in_milliseconds() {
    assert_eq!(milliseconds("12.05 100.00\n"), Some(12_050));
    assert_eq!(milliseconds("12"), None);
}
