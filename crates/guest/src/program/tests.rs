use super::*;

fn write(path: &Path, content: &[u8], mode: u32) {
    std::fs::write(path, content).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn the_first_executable_file_in_path_wins() {
    let image = tempfile::tempdir().unwrap();
    let at = |path: &str| image.path().join(path);
    for folder in ["a", "b", "c", "a/folder"] {
        std::fs::create_dir(at(folder)).unwrap();
    }
    write(&at("a/tool"), b"#!/bin/sh\n", 0o644);
    write(&at("b/tool"), b"#!/bin/sh\n", 0o755);
    write(&at("c/tool"), b"#!/bin/sh\n", 0o755);
    write(&at("a/data"), b"", 0o644);
    let path = format!("{}::{}:c", at("a").display(), at("b").display());
    let find = |command| find(command, Some(&path), image.path());

    assert_eq!(find("tool").unwrap(), at("b/tool"));
    assert_eq!(find("c/tool").unwrap(), at("c/tool"));
    assert!(matches!(find("none"), Err(Error::NotFound { .. })));
    assert!(matches!(find(""), Err(Error::NotFound { .. })));
    assert!(matches!(find("./none"), Err(Error::NotFound { .. })));
    assert!(matches!(
        find("a/tool/under-a-file"),
        Err(Error::NotFound { .. })
    ));
    assert!(matches!(find("data"), Err(Error::NotExecutable { .. })));
    assert!(matches!(find("folder"), Err(Error::NotExecutable { .. })));
    assert!(matches!(find("./a"), Err(Error::NotExecutable { .. })));
}

#[test]
fn what_the_kernel_cannot_run_is_explained() {
    let image = tempfile::tempdir().unwrap();
    let program = image.path().join("program");
    let mut arm = b"\x7fELF".to_vec();
    arm.resize(64, 0);
    arm[18] = 40;
    for (content, reason) in [
        (
            &b"#! /no/such/python -u\n"[..],
            "its interpreter /no/such/python is missing",
        ),
        (b"echo hello\n", "exec format error"),
        (b"", "exec format error"),
        (&arm, "it is built for arm, the machine is"),
    ] {
        write(&program, content, 0o755);
        let error = find("./program", None, image.path()).unwrap_err();
        assert!(matches!(error, Error::NotExecutable { .. }));
        assert!(error.to_string().contains(reason), "{error}");
    }
}

#[test]
fn the_loader_of_a_real_program_is_read() {
    let mut start = std::fs::read("/bin/sh").unwrap();
    start.truncate(4096);
    match Format::of(&start) {
        Format::Elf {
            loader: Some(loader),
        } => assert!(loader.exists(), "{loader:?}"),
        other => panic!("{other:?}"),
    }
    for length in 0..start.len() {
        let _no_panic = Format::of(&start[..length]);
    }
}
