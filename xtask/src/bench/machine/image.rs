//! The image of the machines that are measured.

use lazaret_testing::machine::kernel_package;

use crate::bench::tools::{Bench, timed};

/// Its name: busybox under a few of its own.
pub(in crate::bench) const IMAGE: &str = "bench:v1";
const APPLETS: [&str; 6] = ["true", "sleep", "sh", "cat", "dd", "nslookup"];

/// Imports the image, and the kernel that boots it.
pub(in crate::bench) fn import(bench: &Bench) -> Result<(), String> {
    let kernel = kernel_package()?;
    timed(&mut bench.lazaret(&["kernel", "import", &kernel.display().to_string()]))?;
    let bin = bench.folder.join("rootfs/bin");
    if bin.is_dir() {
        // Another subject has done it.
        return Ok(());
    }
    let make = || {
        std::fs::create_dir_all(&bin)?;
        std::fs::copy("/bin/busybox", bin.join("busybox"))?;
        APPLETS
            .iter()
            .try_for_each(|name| std::os::unix::fs::symlink("busybox", bin.join(name)))
    };
    make().map_err(|error| error.to_string())?;
    let root = bench.folder.join("rootfs").display().to_string();
    timed(&mut bench.lazaret(&["image", "import", &root, IMAGE]))?;
    Ok(())
}
