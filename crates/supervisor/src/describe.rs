//! Machines, volumes and events as JSON, as `inspect`, `events` and the daemon show them.

use lazaret_values::Capabilities;
use lazaret_vm::{Accelerator, Substrate};
use serde_json::{Value, json};

use crate::machines::{Ending, Found, Life, MachineEvent, Restart};
use crate::time;
use crate::volumes_of_user::NamedVolume;

impl Found {
    /// Everything about the machine.
    #[must_use]
    pub fn describe(&self) -> Value {
        let (spec, state) = (&self.spec, &self.state);
        let process = spec.process();
        let resources = spec.resources();
        let reason = match &state.life {
            Life::Exited(Ending::Failure(failure)) => Some(failure.message.clone()),
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
            "network": spec.network().map(|network| json!({
                "mode": network.mode,
                "policy": network.documents,
                "file": network.file,
                "intercept": network.intercept,
                "learn": network.learn,
                "integrations": network.integrations.iter().map(|found| &found.id).collect::<Vec<_>>(),
                "ports": if state.life.is_held() { &state.ports } else { &network.ports },
            })),
            "machine": {
                "cpus": resources.cpus,
                "memory_mib": resources.memory_mib,
                "accelerator": resources.accelerator.name(),
                "isolation": match resources.accelerator {
                    Accelerator::Kvm => "hardware virtualization",
                    Accelerator::Tcg => {
                            "emulation: no wall against a hostile guest, hence the jail"
                        }
                },
                "jail": state.jail,
                "kernel": resources.kernel,
                "substrate": resources.substrate.name(),
                "hypervisor": resources.hypervisor,
                // The same, for those who know only this one.
                "qemu": (resources.substrate == Substrate::Qemu).then_some(&resources.hypervisor),
                "disks": resources.disks,
            },
            "folder": self.folder,
        })
    }
}

impl NamedVolume {
    /// Everything about the volume.
    #[must_use]
    pub fn describe(&self) -> Value {
        let volume = &self.volume;
        json!({
            "name": volume.name,
            "created": time::stamp(volume.created),
            "labels": volume.labels,
            "size": volume.size,
            "allocated": self.allocated,
            "anonymous": volume.anonymous,
            "machines": self.machines,
            "folder": self.folder,
        })
    }
}

impl MachineEvent {
    /// The event.
    #[must_use]
    pub fn describe(&self) -> Value {
        json!({
            "time": time::stamp(self.time),
            "action": self.action.name(),
            "id": self.id,
            "name": self.name,
            "image": self.image,
            "labels": self.labels,
            "exit_code": self.exit_code,
            "network": self.network,
        })
    }
}
