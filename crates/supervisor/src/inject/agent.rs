//! The injection `agent`: files that turn a plain image into a machine that the host can talk to.
//!
//! ```text
//! /usr/local/bin/lazaret-agent                         0755  the guest program
//! /usr/local/sbin/lazaret-init                         link  init= for images without systemd
//! /etc/systemd/system/lazaret-{agent,network,sshd-keys,sshd}.service
//!                                                      0644
//! /etc/systemd/system/multi-user.target.wants/...      link  each of them enabled
//! /etc/modules-load.d/lazaret.conf                     0644
//! /dev /proc /sys /run /tmp                            0755  where the image has none
//! ```

use lazaret_rootfs::{Attributes, DiskBuilder, Error};

use crate::guest;

const BINARY: &str = "/usr/local/bin/lazaret-agent";
const INIT: &str = "/usr/local/sbin/lazaret-init";
const UNITS: &str = "/etc/systemd/system";
const MODULES: &str = "/etc/modules-load.d/lazaret.conf";

const AGENT: &str = "\
[Unit]
Description=Lazaret agent: runs what the host asks for
After=systemd-modules-load.service

[Service]
ExecStart=/usr/local/bin/lazaret-agent serve
Restart=always
RestartSec=1

[Install]
WantedBy=multi-user.target
";

const NETWORK: &str = "\
[Unit]
Description=Lazaret network: what ip= on the kernel's command line asks for
After=systemd-modules-load.service
Before=network.target
Wants=network.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/bin/lazaret-agent network

[Install]
WantedBy=multi-user.target
";

const SSHD_KEYS: &str = "\
[Unit]
Description=Lazaret sshd: host keys where the image has none
Before=ssh.service sshd.service ssh.socket sshd.socket
ConditionPathExists=/usr/sbin/sshd

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/bin/lazaret-agent sshd-keys

[Install]
WantedBy=multi-user.target
";

// Not ordered before ssh.service: a package manager that this service starts waits for ssh.service.
const SSHD: &str = "\
[Unit]
Description=Lazaret sshd: installed where the image has none
After=lazaret-network.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/bin/lazaret-agent sshd
TimeoutStartSec=15min

[Install]
WantedBy=multi-user.target
";

/// Kernel modules for images that have their own; the initramfs loads them anyway.
const MODULE_NAMES: &str = "virtio_console\nvirtio_net\n";

/// Mount points of the kernel's file systems and of tmpfs, which an image may lack.
const MOUNT_POINTS: [&str; 5] = ["/dev", "/proc", "/sys", "/run", "/tmp"];

pub(super) fn apply(disk: &mut DiskBuilder) -> Result<(), Error> {
    for folder in MOUNT_POINTS {
        disk.make_directory(folder)?;
    }
    disk.add_file(BINARY, Attributes::new(0o755), guest::INIT)?;
    disk.add_symlink(INIT, "../bin/lazaret-agent")?;
    let units = [
        ("agent", AGENT),
        ("network", NETWORK),
        ("sshd-keys", SSHD_KEYS),
        ("sshd", SSHD),
    ];
    for (name, text) in units {
        let unit = format!("{UNITS}/lazaret-{name}.service");
        disk.add_file(&unit, Attributes::new(0o644), text.as_bytes())?;
        let wanted = format!("{UNITS}/multi-user.target.wants/lazaret-{name}.service");
        disk.add_symlink(wanted, unit)?;
    }
    disk.add_file(MODULES, Attributes::new(0o644), MODULE_NAMES.as_bytes())
}
