//! A host whose disk becomes full while a machine writes: the guest hears of it, and the run ends.

use std::os::unix::fs::symlink;
use std::path::Path;

use super::{Run, shell};
use crate::support::{Image, Lazaret, World, machine_home, rounds, tool};

/// A home on a small file system of its own.
struct SmallHome {
    world: World,
}

impl SmallHome {
    fn mount() -> Self {
        let world = World::new();
        let home = world.path("home");
        std::fs::create_dir(&home).unwrap();
        let target = home.to_str().unwrap();
        tool(
            "mount",
            &["-t", "tmpfs", "-o", "size=300m", "tmpfs", target],
        );
        std::fs::create_dir_all(home.join("data")).unwrap();
        let kernels = machine_home().join("data/kernels");
        symlink(kernels, home.join("data/kernels")).unwrap();
        Self { world }
    }

    fn lazaret(&self) -> Lazaret {
        self.world.lazaret()
    }

    fn path(&self) -> std::path::PathBuf {
        self.world.path("home")
    }
}

impl Drop for SmallHome {
    fn drop(&mut self) {
        let path = self.path();
        let _ = std::process::Command::new("umount")
            .arg("-l")
            .arg(path)
            .status();
    }
}

/// Takes all room of a file system, in a file that is returned.
fn fill(folder: &Path) -> std::path::PathBuf {
    let filler = folder.join("filler");
    let mut file = std::fs::File::create(&filler).unwrap();
    let error = std::io::copy(&mut std::io::repeat(0), &mut file).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
    filler
}

#[test]
fn a_guest_hears_that_the_host_has_no_room_and_its_run_ends() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: only root mounts");
        return;
    }
    let home = SmallHome::mount();
    let lazaret = home.lazaret();
    let layout = Image::busybox().write(&home.world.path("layout"));
    let import = ["image", "import", layout.to_str().unwrap(), "full"];
    lazaret.run(import).success();
    let script = "echo up; read go; dd if=/dev/zero of=/big bs=1M count=100 conv=fsync && exit 0; \
                  echo failed; exit 3";
    for _ in 0..rounds(1) {
        let mut arguments = shell("full", script).to_vec();
        arguments.insert(2, "-i");
        let mut command = lazaret.command(arguments);
        command.stdin(std::process::Stdio::piped());
        let mut run = Run::start(&mut command);
        assert_eq!(run.line(), "up");
        let filler = fill(&home.path());
        drop(run.child.stdin.take());
        assert_eq!(run.line(), "failed");
        assert_eq!(run.status(), Some(3));
        std::fs::remove_file(filler).unwrap();
        // With room again, the next run is as any other.
        lazaret.run(shell("full", "true")).success();
    }
}
