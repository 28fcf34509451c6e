use std::fs;
use std::process::Command;

use tempfile::TempDir;

use super::fixtures::{Program, applet_table};
use super::*;
use crate::check::{Expected, check};

const APPLETS: [&str; 7] = ["[", "[[", "busybox", "ip", "mount", "sh", "sleep"];

struct World {
    folder: TempDir,
    inputs: Inputs,
    search: Search,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let architecture = std::env::consts::ARCH.to_owned();
        let tail = applet_table(&APPLETS);
        let program = Program {
            needed: &["libc.so"],
            tail: &tail,
            ..Program::default()
        };
        fs::write(folder.path().join("busybox"), program.build()).unwrap();
        fs::write(folder.path().join("libc.so"), Program::default().build()).unwrap();
        fs::write(folder.path().join("motd"), "hello\n").unwrap();
        Self {
            inputs: Inputs {
                architecture: architecture.clone(),
                protection_mode: "standard".to_owned(),
                busybox: folder.path().join("busybox"),
                agent: Program::default().build(),
                files: Vec::new(),
                size: Some(16 << 20),
                epoch: 0,
            },
            search: Search {
                architecture,
                folders: vec![folder.path().to_owned()],
                place: "/bin".into(),
            },
            folder,
        }
    }

    fn build(&self, name: &str) -> Result<PathBuf, Error> {
        let path = self.folder.path().join(name);
        let image = GuestImage::plan(&self.inputs, &self.search)?;
        let file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(&path)
            .unwrap();
        image.write(file)?;
        Ok(path)
    }

    fn faults(&self, path: &Path, marked: bool) -> Vec<String> {
        let expected = Expected {
            architecture: &self.inputs.architecture,
            protection_mode: &self.inputs.protection_mode,
            marked,
        };
        check(File::open(path).unwrap(), &expected).unwrap().faults
    }
}

#[test]
fn an_image_is_sound_and_e2fsck_agrees() {
    let world = World::new();
    let path = world.build("image").unwrap();
    assert_eq!(world.faults(&path, true), Vec::<String>::new());
    if let Ok(said) = Command::new("e2fsck").arg("-fn").arg(&path).output() {
        assert!(said.status.success(), "{said:?}");
        assert!(
            String::from_utf8_lossy(&said.stdout).contains(LABEL),
            "{said:?}"
        );
    }
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    let world = World::new();
    let first = world.build("first").unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let second = world.build("second").unwrap();
    assert!(fs::read(&first).unwrap() == fs::read(&second).unwrap());
}

#[test]
fn applets_are_links_and_files_have_no_owner_and_no_time() {
    let world = World::new();
    let path = world.build("image").unwrap();
    let file = File::open(&path).unwrap();
    let reader = lazaret_rootfs::DiskReader::open(file, Default::default()).unwrap();
    let link = reader.lookup("/bin/mount").unwrap().unwrap();
    assert_eq!(reader.read_link(&link).unwrap(), b"busybox");
    let tmp = reader.lookup("/tmp").unwrap().unwrap();
    assert_eq!(tmp.attributes.mode, 0o1777);
    reader
        .walk(|path, found| {
            let attributes = &found.attributes;
            assert_eq!((attributes.uid, attributes.gid), (0, 0), "{path:?}");
            assert_eq!(attributes.mtime.seconds, 0, "{path:?}");
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_busybox_that_is_none_is_refused() {
    let mut world = World::new();
    fs::write(&world.inputs.busybox, "#!/bin/sh\necho no\n").unwrap();
    let error = world.build("image").unwrap_err();
    assert!(matches!(error, Error::Program { .. }), "{error}");
    fs::write(&world.inputs.busybox, Program::default().build()).unwrap();
    let error = world.build("image").unwrap_err().to_string();
    assert!(error.ends_with("it names no applets"), "{error}");
    let tail = applet_table(&["[", "[[", "sh"]);
    let program = Program {
        tail: &tail,
        ..Program::default()
    };
    fs::write(&world.inputs.busybox, program.build()).unwrap();
    let error = world.build("image").unwrap_err().to_string();
    assert!(error.ends_with("it has no applet 'mount'"), "{error}");
    world.inputs.busybox = "/nowhere/busybox".into();
    let error = world.build("image").unwrap_err();
    assert!(matches!(error, Error::Read { .. }), "{error}");
}

#[test]
fn further_files_have_places_of_their_own() {
    let mut world = World::new();
    let add = |target: &str| ExtraFile {
        source: world.folder.path().join("motd"),
        target: target.to_owned(),
        mode: 0o640,
    };
    let good = add("/etc/motd");
    let bad = [
        "/init",
        "/etc",
        "/bin/sh",
        "etc/motd",
        "/a/../init",
        "/",
        "//init",
        "/etc/",
    ];
    let bad = bad.map(add);
    for file in bad {
        world.inputs.files = vec![file.clone()];
        let error = world.build("image").unwrap_err();
        assert!(matches!(error, Error::Place { .. }), "{file:?}: {error}");
    }
    world.inputs.files = vec![good.clone(), good.clone()];
    assert!(world.build("image").is_err());
    world.inputs.files = vec![good];
    let path = world.build("image").unwrap();
    let file = File::open(&path).unwrap();
    let reader = lazaret_rootfs::DiskReader::open(file, Default::default()).unwrap();
    let found = reader.lookup("/etc/motd").unwrap().unwrap();
    assert_eq!((found.attributes.mode, found.size), (0o640, 6));
}

#[test]
fn a_disk_that_is_too_small_says_so() {
    let mut world = World::new();
    world.inputs.size = Some(64 << 10);
    let error = world.build("image").unwrap_err();
    assert!(matches!(error, Error::Disk { .. }), "{error}");
}

#[test]
fn the_init_program_is_one_that_a_shell_reads() {
    assert!(SCRIPT.starts_with("#!/bin/busybox sh\n"));
    assert!(SCRIPT.contains(AGENT));
    for needed in NEEDED_APPLETS {
        assert!(SCRIPT.contains(needed), "{needed}");
    }
    if let Ok(said) = Command::new("busybox")
        .args(["sh", "-n", "-c", SCRIPT])
        .output()
    {
        assert!(said.status.success(), "{said:?}");
    }
}
