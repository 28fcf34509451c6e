//! A machine like ours with QEMU's own user network.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::bench::machine::image::IMAGE;
use crate::bench::tools::{Bench, timed};

/// Time for it to boot.
const PATIENCE: Duration = Duration::from_secs(120);

/// The running machine, which is ended with this value.
pub(super) struct UserNetwork {
    qemu: Child,
    /// The socket of its agent.
    pub(super) socket: String,
}

impl UserNetwork {
    /// Boots the image with the kernel, the processor and the devices that our machines have.
    pub(super) fn start(bench: &Bench) -> Result<Self, String> {
        let (disk, kernel) = (bench.path("user.disk"), bench.path("kernel"));
        timed(&mut bench.lazaret(&["rootfs", "build", IMAGE, "-o", &disk, "--inject", "agent"]))?;
        timed(&mut bench.lazaret(&["kernel", "export", "-o", &kernel]))?;
        let socket = bench.path("user.agent");
        // That of a machine before this one.
        let _ = std::fs::remove_file(&socket);
        let console = std::fs::File::create(bench.path("user.console"));
        let qemu = Command::new("qemu-system-x86_64")
            .args(["-nodefaults", "-nographic", "-no-reboot", "-serial", "stdio"])
            .args(["-machine", "microvm,rtc=on,pit=on,pic=on,isa-serial=on,acpi=on"])
            .args(["-accel", "tcg,tb-size=256", "-cpu", "max,erms=off,fsrm=off"])
            .args(["-m", "512M", "-smp", "1"])
            .args(["-kernel", &format!("{kernel}/vmlinuz")])
            .args(["-initrd", &format!("{kernel}/initrd")])
            .args(["-append", "console=ttyS0 quiet panic=-1 reboot=t mitigations=off tsc_early_khz=2000000 tsc=reliable no_timer_check root=/dev/vda rw ip=10.0.2.15::10.0.2.2:255.255.255.0:user::off:10.0.2.3"])
            .args(["-drive", &format!("file={disk},if=none,id=disk,format=raw")])
            .args(["-device", "virtio-blk-device,drive=disk"])
            .args(["-device", "virtio-serial-device", "-device", "virtio-rng-device"])
            .args(["-chardev", &format!("socket,id=agent,path={socket},server=on,wait=off")])
            .args(["-device", "virtserialport,chardev=agent,name=org.lazaret.agent.0"])
            .args(["-netdev", "user,id=network", "-device", "virtio-net-device,netdev=network"])
            .stdin(Stdio::null())
            .stdout(console.map_err(|error| error.to_string())?)
            .spawn()
            .map_err(|error| error.to_string())?;
        let machine = Self { qemu, socket };
        let begin = Instant::now();
        let is_up = || {
            bench
                .lazaret(&["exec", "--agent", &machine.socket, "true"])
                .output()
        };
        while !is_up().is_ok_and(|output| output.status.success()) {
            if begin.elapsed() > PATIENCE {
                return Err("the machine with the user network does not boot".to_owned());
            }
            std::thread::sleep(Duration::from_millis(500));
        }
        Ok(machine)
    }
}

impl UserNetwork {
    /// Ends the machine.
    pub(super) fn end(&mut self) {
        // It may have ended by itself.
        let _ = self.qemu.kill();
        let _ = self.qemu.wait();
    }
}

impl Drop for UserNetwork {
    fn drop(&mut self) {
        self.end();
    }
}
