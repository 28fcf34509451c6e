use lazaret_supervisor::{Ending, FoundMachine, Restart};
use lazaret_values::Capabilities;
use serde_json::{Value, json};

use super::time;
use crate::context::Context;
use crate::failure::Failure;

/// Show everything about machines, as JSON
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Names or ids
    #[arg(required = true)]
    machines: Vec<String>,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> Result<(), Failure> {
        let home = context.home()?;
        let found = self.machines.iter().map(|name| home.machine(name));
        let found = found.collect::<Result<Vec<_>, _>>()?;
        let described: Vec<Value> = found.iter().map(describe).collect();
        Ok(context.printer.json(&described)?)
    }
}

fn describe(found: &FoundMachine) -> Value {
    let (spec, state) = (&found.spec, &found.state);
    let process = spec.process();
    let resources = spec.resources();
    let reason = match &state.life {
        lazaret_supervisor::Life::Exited(Ending::Failure(failure)) => Some(failure.message.clone()),
        _ => state.error.clone(),
    };
    json!({
        "id": spec.id,
        "name": spec.name,
        "created": time::stamp(spec.created),
        "image": spec.image,
        "image_digest": spec.image_digest,
        "labels": spec.labels,
        "from": spec.from.as_ref().map(|from| json!({
            "checkpoint": from.checkpoint,
            "machine": from.machine,
            "machine_name": from.machine_name,
        })),
        "state": {
            "status": state.life.name(),
            "running": state.life.is_held(),
            "exit_code": state.life.status(),
            "oom_killed": state.life.ran_out_of_memory(),
            "error": reason,
            "started_at": state.started.map(time::stamp),
            "finished_at": state.finished.map(time::stamp),
            "restarts": state.restarts,
            "begun": state.begun,
            "pid": state.emulator.map(|process| process.pid),
        },
        "config": {
            "command": process.argv,
            "env": process.env,
            "user": process.user,
            "working_dir": process.working_dir,
            // None stands for all.
            "capabilities": process.capabilities.map(|kept| Capabilities::of_bits(kept).names()),
            "hostname": spec.hostname(),
            "tty": process.terminal.is_some(),
            "interactive": spec.options.interactive,
            "stop_signal": spec.stop_signal(),
            "stop_timeout": spec.options.stop_seconds,
            "timeout": spec.options.timeout_seconds,
            "remove": spec.options.remove,
            "restart": match spec.options.restart {
                Restart::No => "no".to_owned(),
                Restart::OnFailure(None) => "on-failure".to_owned(),
                Restart::OnFailure(Some(times)) => format!("on-failure:{times}"),
                Restart::Always => "always".to_owned(),
            },
        },
        "mounts": spec.mounts(),
        "machine": {
            "cpus": resources.cpus,
            "memory_mib": resources.memory_mib,
            "accelerator": resources.accelerator.name(),
            "isolation": match resources.accelerator {
                lazaret_supervisor::Accelerator::Kvm => "hardware virtualization",
                lazaret_supervisor::Accelerator::Tcg => {
                    "emulation: no wall against a hostile guest, hence the jail"
                }
            },
            "jail": state.jail,
            "kernel": resources.kernel,
            "qemu": resources.qemu,
            "disks": resources.disks,
        },
        "folder": found.folder,
    })
}
