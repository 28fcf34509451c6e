use super::*;

#[test]
fn options_are_checked_before_anything_is_fetched() {
    let request = RunRequest {
        reference: "localhost/a".into(),
        mounts: vec![],
        volumes: vec![],
        folders: vec![],
        memory_mounts: vec![],
        cpus: Some("2".into()),
        memory: Some("1Gi".into()),
        cap_add: Vec::new(),
        cap_drop: Vec::new(),
        privileged: false,
        env: vec!["A=1".into(), "B=".into()],
        user: None,
        entrypoint: None,
        working_dir: None,
        hostname: None,
        policy: None,
        network: NetworkRequest::default(),
        kernel: None,
        substrate: Substrate::default(),
        named: None,
        jail: JailMode::Auto,
        disk_bytes: None,
        read_only: false,
        root: RootDisk::Shared,
        terminal: None,
        pull: PullPolicy::Missing,
        args: vec![],
    };
    let flags = request.flags().unwrap();
    assert_eq!((flags.cpus, flags.memory_mib), (Some(2), Some(1024)));
    assert_eq!(
        flags.env,
        [("A".into(), "1".into()), ("B".into(), String::new())]
    );
    let refused = |change: fn(&mut RunRequest)| {
        let mut request = request.clone();
        change(&mut request);
        request.flags().map(drop).unwrap_err().to_string()
    };
    let names = [
        |request: &mut RunRequest| request.hostname = Some(String::new()),
        |request: &mut RunRequest| request.hostname = Some("-a".into()),
        |request: &mut RunRequest| request.hostname = Some("a_b".into()),
        |request: &mut RunRequest| request.hostname = Some("a\nb".into()),
        |request: &mut RunRequest| request.hostname = Some("a.".repeat(40)),
    ];
    for name in names {
        assert!(refused(name).starts_with("host name"), "{}", refused(name));
    }
    let small = refused(|request| request.disk_bytes = Some(1 << 20));
    assert!(small.contains("at least 64 MiB"), "{small}");
    for (memory, env) in [("lots", "A=1"), ("512", "=x")] {
        let request = RunRequest {
            memory: Some(memory.into()),
            cap_add: Vec::new(),
            cap_drop: Vec::new(),
            privileged: false,
            env: vec![env.into()],
            ..request.clone()
        };
        assert!(request.flags().is_err(), "{memory} {env}");
    }
}
