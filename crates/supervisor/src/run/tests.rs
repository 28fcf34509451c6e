use super::*;

#[test]
fn host_names_are_labels() {
    let check = |name, image, expected| assert_eq!(boot::hostname(name, image), expected);
    check(Some("hello"), "localhost/x:v1", "hello");
    check(None, "localhost:5000/acme/images/Odd_Name:v1", "odd-name");
    check(None, "localhost/a@sha256:abc", "a");
    check(Some("---"), "x", "lazaret");
    assert_eq!(boot::hostname(Some(&"x".repeat(100)), "").len(), 63);
}

#[test]
fn a_process_that_is_no_more_or_another_is_not_ended() {
    let folder = tempfile::tempdir().unwrap();
    // This very process, with a start time that is not its own.
    let record = format!(
        r#"{{"version":1,"pid":{},"started":1}}"#,
        std::process::id()
    );
    std::fs::write(folder.path().join("machine.json"), record).unwrap();
    end_abandoned(folder.path());
    std::fs::write(folder.path().join("machine.json"), "damaged").unwrap();
    end_abandoned(folder.path());
}

#[test]
fn options_are_checked_before_anything_is_fetched() {
    let request = RunRequest {
        reference: "localhost/a".into(),
        mounts: vec![],
        cpus: Some("2".into()),
        memory: Some("1Gi".into()),
        env: vec!["A=1".into(), "B=".into()],
        user: None,
        entrypoint: None,
        working_dir: None,
        hostname: None,
        policy: None,
        kernel: None,
        read_only: false,
        root: RootDisk::Shared,
        pull: PullPolicy::Missing,
        args: vec![],
        forward_stdin: false,
    };
    let flags = request.flags().unwrap();
    assert_eq!((flags.cpus, flags.memory_mib), (Some(2), Some(1024)));
    assert_eq!(
        flags.env,
        [("A".into(), "1".into()), ("B".into(), String::new())]
    );
    for (memory, env) in [("lots", "A=1"), ("512", "=x")] {
        let request = RunRequest {
            memory: Some(memory.into()),
            env: vec![env.into()],
            ..request.clone()
        };
        assert!(request.flags().is_err(), "{memory} {env}");
    }
}
