//! Sets up OpenSSH on the first boot of an image that lacks it, or lacks host keys.

use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::process::Command;

use crate::console;
use crate::error::{Context as _, Error, Result};

const SERVERS: [&str; 2] = ["/usr/sbin/sshd", "/usr/bin/sshd"];

/// A package manager and the runs that install the server; only the last of them must succeed.
struct Manager {
    program: &'static str,
    runs: &'static [&'static [&'static str]],
}

const MANAGERS: [Manager; 6] = [
    Manager {
        program: "/usr/bin/apt-get",
        runs: &[
            &["-q", "update"],
            &[
                "-qy",
                "--no-install-recommends",
                "install",
                "openssh-server",
            ],
        ],
    },
    Manager {
        program: "/sbin/apk",
        runs: &[&["add", "--no-cache", "openssh-server", "openssh-keygen"]],
    },
    Manager {
        program: "/usr/bin/dnf",
        runs: &[&["-y", "install", "openssh-server"]],
    },
    Manager {
        program: "/usr/bin/microdnf",
        runs: &[&["-y", "install", "openssh-server"]],
    },
    Manager {
        program: "/usr/bin/zypper",
        runs: &[&["--non-interactive", "install", "openssh-server"]],
    },
    Manager {
        program: "/usr/bin/pacman",
        runs: &[&["-Sy", "--noconfirm", "openssh"]],
    },
];

const KEYGEN: &str = "/usr/bin/ssh-keygen";

/// Installs the server if the image has none, makes host keys if there are none, and starts it.
pub(crate) fn bring_up() -> Result<()> {
    if server().is_none() && !install()? {
        return Ok(());
    }
    let server = server().ok_or_else(|| Error::CommandFailed {
        command: "the package manager".to_owned(),
        status: "no sshd afterwards".to_owned(),
    })?;
    make_host_keys()?;
    start(server)
}

/// Makes missing host keys for an existing server, which needs them before it starts.
pub(crate) fn make_host_keys() -> Result<()> {
    if server().is_none() || !Path::new(KEYGEN).exists() || has_host_keys(Path::new("/etc/ssh")) {
        return Ok(());
    }
    run(KEYGEN, &["-A"])?;
    console::say("made host keys for sshd");
    Ok(())
}

fn server() -> Option<&'static str> {
    SERVERS.into_iter().find(|path| Path::new(path).exists())
}

/// Installs the server; returns false if the image has no package manager.
fn install() -> Result<bool> {
    let found = MANAGERS
        .iter()
        .find(|manager| Path::new(manager.program).exists());
    let Some(Manager { program, runs }) = found else {
        console::say("this image has no sshd and no package manager: it stays without");
        return Ok(false);
    };
    console::say(&format!("this image has no sshd: asking {program} for it"));
    for (number, arguments) in runs.iter().enumerate() {
        match run(program, arguments) {
            Err(error) if number + 1 == runs.len() => return Err(error),
            _ => {}
        }
    }
    Ok(true)
}

fn has_host_keys(folder: &Path) -> bool {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    files
        .map(|file| file.file_name().to_string_lossy().into_owned())
        .any(|name| name.starts_with("ssh_host_") && name.ends_with("_key"))
}

fn start(server: &str) -> Result<()> {
    if Path::new("/run/systemd/system").exists() {
        // The unit is called ssh on Debian, and sshd elsewhere.
        return start_unit("ssh.service").or_else(|_| start_unit("sshd.service"));
    }
    // A package may have started the server itself.
    if Path::new("/run/sshd.pid").exists() {
        return Ok(());
    }
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create("/run/sshd")
        .context(|| "make /run/sshd".to_owned())?;
    // The server moves to the background by itself.
    run(server, &[])
}

fn start_unit(unit: &str) -> Result<()> {
    run("/usr/bin/systemctl", &["--no-block", "start", unit])
}

fn run(program: &str, arguments: &[&str]) -> Result<()> {
    let status = Command::new(program)
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .env("PATH", crate::init::PATH)
        .status()
        .context(|| format!("start {program}"))?;
    if status.success() {
        return Ok(());
    }
    Err(Error::CommandFailed {
        command: format!("{program} {}", arguments.join(" ")),
        status: status.to_string(),
    })
}

#[cfg(test)]
mod tests;
