//! Reads what Cloud Hypervisor 53 is started with (`cloud-hypervisor/src/main.rs`, `vmm/src/config.rs`).

use super::machine::{Disk, Machine, Refusal};

/// clap's exit status for a command line that it does not know.
const USAGE: u8 = 2;

fn refused(reason: impl Into<String>) -> Refusal {
    Refusal(1, reason.into())
}

pub(super) fn read(arguments: &[String]) -> Result<Machine, Refusal> {
    let usage = |reason: String| Refusal(USAGE, reason);
    let mut machine = Machine {
        has_pci: true,
        ..Machine::default()
    };
    let mut has_console = true;
    let mut rest = arguments.iter().peekable();
    while let Some(name) = rest.next() {
        if name == "--landlock" {
            continue;
        }
        let mut values = Vec::new();
        while let Some(value) = rest.next_if(|next| !next.starts_with("--")) {
            values.push(value.as_str());
            if name != "--disk" {
                break;
            }
        }
        let [first, ..] = values[..] else {
            return Err(usage(format!("a value is required for '{name}'")));
        };
        match name.as_str() {
            "--kernel" => first.clone_into(&mut machine.kernel),
            "--initramfs" => machine.initramfs = Some(first.to_owned()),
            "--cmdline" => first.clone_into(&mut machine.command_line),
            "--cpus" => {
                let [boot] = options(first, ["boot"])?;
                machine.cpus = number(boot)?;
            }
            "--memory" => {
                let [size] = options(first, ["size"])?;
                let size = size.unwrap_or_default();
                machine.memory_mib = number(size.strip_suffix('M'))?;
            }
            "--rng" => {
                options(first, ["src"])?;
            }
            "--vsock" => {
                let [cid, socket] = options(first, ["cid", "socket"])?;
                machine.guest_cid = number(cid)?;
                machine.vsock = needed(socket, "socket")?;
            }
            "--serial" => {
                let [file] = options(first, ["file"])?;
                machine.console = needed(file, "file")?;
            }
            "--console" => has_console = first != "off",
            "--disk" => {
                for disk in values {
                    let [path, readonly, serial, image_type] =
                        options(disk, ["path", "readonly", "serial", "image_type"])?;
                    if image_type != Some("raw") {
                        return Err(refused("the stand-in has raw disks"));
                    }
                    machine.disks.push(Disk {
                        path: needed(path, "path")?,
                        read_only: toggle(readonly)?,
                        serial: serial.map(str::to_owned),
                    });
                }
            }
            _ => return Err(usage(format!("unexpected argument '{name}' found"))),
        }
    }
    if machine.kernel.is_empty() {
        return Err(usage("no payload".to_owned()));
    }
    if has_console {
        return Err(refused(
            "a console and a serial port cannot both be the terminal",
        ));
    }
    Ok(machine)
}

/// The values of these options in `name=value,name=value`; others are refused.
fn options<'a, const N: usize>(
    text: &'a str,
    known: [&str; N],
) -> Result<[Option<&'a str>; N], Refusal> {
    let mut values = [None; N];
    for option in text.split(',') {
        let (name, value) = option
            .split_once('=')
            .ok_or_else(|| refused(format!("Invalid syntax: {option}")))?;
        let place = known.iter().position(|known| *known == name);
        let place = place.ok_or_else(|| refused(format!("Unknown option: {name}")))?;
        values[place] = Some(value);
    }
    Ok(values)
}

fn number(text: Option<&str>) -> Result<u64, Refusal> {
    let number = text.and_then(|text| text.parse().ok());
    number.ok_or_else(|| refused(format!("Unable to convert {}", text.unwrap_or_default())))
}

fn toggle(text: Option<&str>) -> Result<bool, Refusal> {
    match text {
        None | Some("off") => Ok(false),
        Some("on") => Ok(true),
        Some(other) => Err(refused(format!("Unable to convert {other}"))),
    }
}

fn needed(text: Option<&str>, name: &str) -> Result<String, Refusal> {
    text.map(str::to_owned)
        .ok_or_else(|| refused(format!("{name} is missing")))
}
