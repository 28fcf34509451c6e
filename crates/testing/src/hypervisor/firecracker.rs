//! Reads what Firecracker 1.16 is started with (`src/firecracker/src/main.rs`, `src/vmm/src/resources.rs`).

use std::fs::File;
use std::io::Read as _;

use serde_json::{Map, Value};

use super::machine::{Disk, Machine, Refusal};

/// `FcExitCode` (`src/vmm/src/lib.rs`).
const BAD_CONFIGURATION: u8 = 152;
const BAD_ARGUMENTS: u8 = 153;
const MOST_CPUS: u64 = 32;

/// The options with a value that a machine without an API is started with.
const OPTIONS: [&str; 4] = ["--id", "--config-file", "--level", "--log-path"];

fn refused(reason: impl Into<String>) -> Refusal {
    Refusal(BAD_CONFIGURATION, reason.into())
}

pub(super) fn read(arguments: &[String]) -> Result<Machine, Refusal> {
    let usage = |reason: String| Refusal(BAD_ARGUMENTS, reason);
    let (mut file, mut has_api, mut id) = (None, true, None);
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--no-api" => has_api = false,
            option if OPTIONS.contains(&option) => {
                let value = rest.next();
                let value = value
                    .ok_or_else(|| usage(format!("the argument '{option}' requires a value")))?;
                match option {
                    "--id" => id = Some(value),
                    "--config-file" => file = Some(value),
                    _ => {}
                }
            }
            other => {
                return Err(usage(format!(
                    "found argument '{other}' which wasn't expected"
                )));
            }
        }
    }
    let file = file.ok_or_else(|| usage("'--no-api' requires '--config-file'".to_owned()))?;
    if has_api {
        return Err(usage("this stand-in has no API".to_owned()));
    }
    let is_id = |id: &String| {
        (1..=64).contains(&id.len()) && id.chars().all(|c| c == '-' || c.is_alphanumeric())
    };
    if !id.is_none_or(is_id) {
        return Err(usage("invalid instance id".to_owned()));
    }
    let text = std::fs::read(file).map_err(|error| refused(format!("{file}: {error}")))?;
    let value = serde_json::from_slice(&text).map_err(|error| refused(error.to_string()))?;
    configuration(value)
}

/// An object of which every member is known.
struct Members(&'static str, Map<String, Value>);

impl Members {
    fn of(name: &'static str, value: Value) -> Result<Self, Refusal> {
        match value {
            Value::Object(members) => Ok(Self(name, members)),
            _ => Err(refused(format!("{name}: expected an object"))),
        }
    }

    fn take(&mut self, name: &str) -> Result<Value, Refusal> {
        let found = self.1.remove(name);
        found.ok_or_else(|| refused(format!("{}: missing field `{name}`", self.0)))
    }

    fn text(&mut self, name: &str) -> Result<String, Refusal> {
        let value = self.take(name)?;
        let text = value.as_str().map(str::to_owned);
        text.ok_or_else(|| refused(format!("{}.{name}: expected a string", self.0)))
    }

    fn number(&mut self, name: &str) -> Result<u64, Refusal> {
        let value = self.take(name)?;
        let number = value.as_u64();
        number.ok_or_else(|| refused(format!("{}.{name}: expected a number", self.0)))
    }

    fn flag(&mut self, name: &str) -> Result<bool, Refusal> {
        let value = self.take(name)?;
        let flag = value.as_bool();
        flag.ok_or_else(|| refused(format!("{}.{name}: expected true or false", self.0)))
    }

    fn finish(self) -> Result<(), Refusal> {
        match self.1.keys().next() {
            None => Ok(()),
            Some(name) => Err(refused(format!("{}: unknown field `{name}`", self.0))),
        }
    }
}

fn configuration(value: Value) -> Result<Machine, Refusal> {
    let mut all = Members::of("configuration", value)?;
    let mut boot = Members::of("boot-source", all.take("boot-source")?)?;
    let mut size = Members::of("machine-config", all.take("machine-config")?)?;
    let mut vsock = Members::of("vsock", all.take("vsock")?)?;
    let Value::Array(drives) = all.take("drives")? else {
        return Err(refused("drives: expected a list"));
    };
    Members::of("entropy", all.take("entropy")?)?.finish()?;
    all.finish()?;
    let mut command_line = boot.text("boot_args")?;
    // It adds this one itself.
    command_line.push_str(" pci=off");
    let machine = Machine {
        kernel: boot.text("kernel_image_path")?,
        initramfs: Some(boot.text("initrd_path")?),
        command_line,
        cpus: size.number("vcpu_count")?,
        memory_mib: size.number("mem_size_mib")?,
        disks: drives.into_iter().map(drive).collect::<Result<_, _>>()?,
        guest_cid: vsock.number("guest_cid")?,
        vsock: vsock.text("uds_path")?,
        console: "/proc/self/fd/1".to_owned(),
        has_pci: false,
        ends_with_restart: true,
    };
    boot.finish()?;
    size.finish()?;
    vsock.finish()?;
    if !(1..=MOST_CPUS).contains(&machine.cpus) {
        return Err(refused("The vCPU number is invalid!"));
    }
    let mut magic = [0; 4];
    let read = File::open(&machine.kernel).and_then(|mut kernel| kernel.read_exact(&mut magic));
    if read.is_err() || magic != *b"\x7fELF" {
        return Err(refused(
            "Cannot load kernel due to invalid memory configuration or invalid kernel image",
        ));
    }
    Ok(machine)
}

fn drive(value: Value) -> Result<Disk, Refusal> {
    let mut drive = Members::of("drives", value)?;
    let id = drive.text("drive_id")?;
    if !id.chars().all(|c| c == '_' || c.is_alphanumeric()) {
        return Err(refused("drives.drive_id: invalid"));
    }
    if !["Unsafe", "Writeback"].contains(&drive.text("cache_type")?.as_str()) {
        return Err(refused("drives.cache_type: unknown variant"));
    }
    if drive.flag("is_root_device")? {
        return Err(refused("the stand-in boots an initramfs"));
    }
    let disk = Disk {
        path: drive.text("path_on_host")?,
        read_only: drive.flag("is_read_only")?,
        serial: None,
    };
    drive.finish()?;
    Ok(disk)
}
