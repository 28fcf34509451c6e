//! A hermetic home, the binary, and hand-made images.

mod appliance;
mod containerd;
mod image;
mod layer;
mod process;
mod serve;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

pub(crate) use appliance::Appliance;
pub(crate) use containerd::Containerd;
pub(crate) use image::{Image, busybox_layer};
pub(crate) use layer::{Layer, gzip};
pub(crate) use lazaret_testing::machine::{kernel_package, made_image};
pub(crate) use lazaret_testing::program::{Output, finish, finish_with, tool};
pub(crate) use process::Lazaret;
pub(crate) use serve::Serve;
use tempfile::TempDir;

/// A temporary folder with a new `LAZARET_HOME`.
pub(crate) struct World {
    folder: TempDir,
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// The binary with this world's home, which has no kernel and no images.
    pub(crate) fn lazaret(&self) -> Lazaret {
        Lazaret::new(&self.path("home"), self.folder.path())
    }

    /// The binary with the home that all machine tests share. It has a kernel and the accelerator's
    /// verdict, so that tests need not probe again.
    pub(crate) fn machine(&self) -> Lazaret {
        Lazaret::new(machine_home(), self.folder.path())
    }

    /// Imports Debian's own Python 3 under `name` into the home that all machine tests share.
    pub(crate) fn python(&self, name: &str) -> Lazaret {
        let lazaret = self.machine();
        let rootfs = self.path("rootfs");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/python-rootfs.sh");
        tool(script.to_str().unwrap(), &[rootfs.to_str().unwrap()]);
        lazaret
            .run(["image", "import", rootfs.to_str().unwrap(), name])
            .success();
        lazaret
    }

    /// Imports `image` under `name` into the home that all machine tests share.
    pub(crate) fn imported(&self, image: Image, name: &str) -> Lazaret {
        let lazaret = self.machine();
        let layout = image.write(&self.path(name));
        let import = ["image", "import", layout.to_str().unwrap(), name];
        lazaret.run(import).success();
        lazaret
    }
}

/// Number of rounds of a test that is worth repeating: `usual`, or the value of
/// `LAZARET_TORTURE_ROUNDS`.
pub(crate) fn rounds(usual: u32) -> u32 {
    let asked = std::env::var("LAZARET_TORTURE_ROUNDS").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// The home of the machine tests, which is made once per test run.
pub(crate) fn machine_home() -> &'static Path {
    static HOME: OnceLock<TempDir> = OnceLock::new();
    HOME.get_or_init(|| {
        let home = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let kernel = kernel_package().unwrap();
        Lazaret::new(home.path(), home.path())
            .run(["kernel", "import", kernel.to_str().unwrap()])
            .success();
        home
    })
    .path()
}
