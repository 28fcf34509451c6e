//! Kernels and images that machines boot from, and a machine in a plain QEMU, as the guide starts
//! it.
//!
//! `lazaret run` starts machines of its own; a [`Machine`] is for disks that boot by themselves.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::made::made;

/// Longest time for a machine to boot: with emulation on a busy host, systemd takes more than a
/// minute.
pub const PATIENCE: Duration = Duration::from_secs(600);

/// The path of the kernel package that `scripts/kernel.sh` has fetched.
///
/// # Errors
/// When the package is missing.
pub fn kernel_package() -> Result<PathBuf, String> {
    let folder = made("kernel");
    let missing = || format!("no kernel in {}: run scripts/kernel.sh", folder.display());
    let entries = std::fs::read_dir(&folder).map_err(|_| missing())?;
    let mut files = entries.filter_map(|entry| Some(entry.ok()?.path()));
    files
        .find(|path| path.extension().is_some_and(|extension| extension == "deb"))
        .ok_or_else(missing)
}

/// The path of an image that `scripts/images.sh` has made.
///
/// # Panics
/// When the image is missing.
#[must_use]
pub fn made_image(name: &str) -> PathBuf {
    let folder = made("images").canonicalize();
    folder.expect("run scripts/images.sh").join(name)
}

/// The settings of a machine.
#[derive(Debug, Clone)]
pub struct Boot {
    /// The path of its disk.
    pub disk: PathBuf,
    /// The folder with `vmlinuz` and `initrd`.
    pub kernel: PathBuf,
    /// Kernel parameters beside those for console and network.
    pub parameters: String,
    /// The path of the file that gets the output of its console.
    pub console: PathBuf,
    /// The name of the agent's serial port.
    pub port: &'static str,
    /// The path of the socket that QEMU makes for the host's end of that port.
    pub socket: PathBuf,
}

/// A running machine without hardware acceleration, which is ended when dropped.
#[derive(Debug)]
pub struct Machine {
    qemu: Child,
    console: PathBuf,
}

impl Machine {
    /// Starts a machine.
    ///
    /// # Panics
    /// When QEMU is not installed.
    #[must_use]
    pub fn boot(boot: &Boot) -> Self {
        let parameters = format!(
            "console=ttyS0 root=/dev/vda panic=-1 mitigations=off \
             ip=10.0.2.15::10.0.2.2:255.255.255.0:appliance::off:10.0.2.3 {}",
            boot.parameters
        );
        let socket = boot.socket.display();
        let qemu = Command::new("qemu-system-x86_64")
            .args(["-M", "q35", "-accel", "tcg", "-cpu", "max", "-smp", "2"])
            .args(["-m", "1024", "-display", "none", "-no-reboot"])
            .args(["-nodefaults", "-monitor", "none", "-serial"])
            .arg(format!("file:{}", boot.console.display()))
            .args(["-append", &parameters, "-kernel"])
            .arg(boot.kernel.join("vmlinuz"))
            .arg("-initrd")
            .arg(boot.kernel.join("initrd"))
            .arg("-drive")
            .arg(format!("file={},if=virtio,format=raw", boot.disk.display()))
            .args(["-device", "virtio-rng-pci", "-device", "virtio-serial-pci"])
            .arg("-chardev")
            .arg(format!("socket,id=agent,path={socket},server=on,wait=off"))
            .arg("-device")
            .arg(format!("virtserialport,chardev=agent,name={}", boot.port))
            .args(["-netdev", "user,id=net,restrict=on"])
            .args(["-device", "virtio-net-pci,netdev=net"])
            .stdin(Stdio::null())
            .spawn()
            .expect("qemu is installed");
        Self {
            qemu,
            console: boot.console.clone(),
        }
    }

    /// Waits until the machine ends by itself.
    ///
    /// # Panics
    /// When it does not end.
    #[track_caller]
    pub fn wait(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        while self.qemu.try_wait().expect("it is ours").is_none() {
            assert!(Instant::now() < deadline, "{}", self.console());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Asserts that it runs and that `deadline` has not passed.
    ///
    /// # Panics
    /// When it has ended, or `deadline` has passed. The message has the console's output.
    #[track_caller]
    pub fn must_run(&mut self, deadline: Instant) {
        let ended = self.qemu.try_wait().expect("it is ours");
        let in_time = Instant::now() < deadline;
        assert!(ended.is_none() && in_time, "{ended:?}\n{}", self.console());
    }

    /// The output of its console.
    #[must_use]
    pub fn console(&self) -> String {
        let bytes = std::fs::read(&self.console).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // Has no effect when it has already ended.
        let _ = self.qemu.kill();
        let _ = self.qemu.wait();
    }
}
