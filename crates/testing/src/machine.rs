//! Machines: what boots them, and one in a plain QEMU, as the guide starts it.
//!
//! `lazaret run` starts machines of its own; a [`Machine`] is for disks that boot by themselves.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::made::made;

/// An emulated machine with systemd takes a minute and more on a busy host.
pub const PATIENCE: Duration = Duration::from_secs(600);

/// The kernel package that `scripts/kernel.sh` fetched.
///
/// # Errors
/// When it was not run.
pub fn kernel_package() -> Result<PathBuf, String> {
    let folder = made("kernel");
    let missing = || format!("no kernel in {}: run scripts/kernel.sh", folder.display());
    let entries = std::fs::read_dir(&folder).map_err(|_| missing())?;
    let mut files = entries.filter_map(|entry| Some(entry.ok()?.path()));
    files
        .find(|path| path.extension().is_some_and(|extension| extension == "deb"))
        .ok_or_else(missing)
}

/// An image that `scripts/images.sh` made.
///
/// # Panics
/// When it was not run.
#[must_use]
pub fn made_image(name: &str) -> PathBuf {
    let folder = made("images").canonicalize();
    folder.expect("run scripts/images.sh").join(name)
}

/// What a machine is started with.
#[derive(Debug, Clone)]
pub struct Boot {
    /// Its disk.
    pub disk: PathBuf,
    /// Folder with `vmlinuz` and `initrd`.
    pub kernel: PathBuf,
    /// Parameters of the kernel beside console and network.
    pub parameters: String,
    /// File of everything that it writes to its console.
    pub console: PathBuf,
    /// Name of its serial port for an agent.
    pub port: &'static str,
    /// The host's end of that port, a socket that QEMU makes.
    pub socket: PathBuf,
}

/// A running machine without hardware acceleration. Dropped, it ends.
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

    /// Waits for the machine to end by itself.
    ///
    /// # Panics
    /// When it does not.
    #[track_caller]
    pub fn wait(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        while self.qemu.try_wait().expect("it is ours").is_none() {
            assert!(Instant::now() < deadline, "{}", self.console());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Asserts that it runs, and that it is not `deadline` yet.
    ///
    /// # Panics
    /// When it has ended or it is too late. The message has its console.
    #[track_caller]
    pub fn must_run(&mut self, deadline: Instant) {
        let ended = self.qemu.try_wait().expect("it is ours");
        let in_time = Instant::now() < deadline;
        assert!(ended.is_none() && in_time, "{ended:?}\n{}", self.console());
    }

    /// Everything that it has written to its console.
    #[must_use]
    pub fn console(&self) -> String {
        let bytes = std::fs::read(&self.console).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // Nothing happens to one that has ended already.
        let _ = self.qemu.kill();
        let _ = self.qemu.wait();
    }
}
