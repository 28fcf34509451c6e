//! Packs of checkpoints: what the machine has changed, as one more layer of its image.
//!
//! Memory goes on only with the QEMU and processor that it had, so it is not packed: a pack boots. The
//! machine goes on from the checkpoint for a moment, because what it has written is partly in its memory.

use crate::changes::{CommitRequest, Committed};
use crate::checkpoints_of_user::NewMachine;
use crate::machines::{Ending, Event};
use crate::prepare::RunRequest;
use crate::run::StartedMachine;
use crate::{Error, Home};

/// An image that was made for a pack, and goes when that was made.
pub(super) struct OfCheckpoint {
    /// Its name in the store.
    pub(super) name: String,
    /// The image that the machine began with: name and digest.
    pub(super) base: (String, String),
}

impl Home {
    /// Makes an image of a checkpoint, and has the request ask for the machine that was saved: its process,
    /// processors and memory, where the request says nothing else.
    ///
    /// # Errors
    /// Those of checkpoints, of starting machines and of their changes.
    pub(super) async fn image_of_checkpoint(
        &self,
        name: &str,
        request: &mut RunRequest,
    ) -> Result<OfCheckpoint, Error> {
        let spec = self.checkpoint(name)?.checkpoint.machine;
        let started = self.run_machine_from(name, NewMachine::default()).await?;
        let id = started.spec.id.clone();
        let committed = self.commit_running(started).await;
        // It is gone in any case.
        let removed = self.remove_machine(&id, true, true).await;
        let committed = committed?;
        removed?;
        let process = spec.process();
        let resources = spec.resources();
        request.reference.clone_from(&committed.name);
        request.cpus.get_or_insert(resources.cpus.to_string());
        request
            .memory
            .get_or_insert(resources.memory_mib.to_string());
        request.user.get_or_insert(process.user);
        request.working_dir.get_or_insert(process.working_dir);
        request.hostname.get_or_insert(spec.hostname().to_owned());
        request.env.splice(0..0, process.env);
        if request.entrypoint.is_none() && request.args.is_empty() {
            let mut words = process.argv.into_iter();
            request.entrypoint = words.next();
            request.args = words.collect();
        }
        Ok(OfCheckpoint {
            name: committed.name,
            base: (spec.image, spec.image_digest),
        })
    }

    async fn commit_running(&self, started: StartedMachine) -> Result<Committed, Error> {
        let StartedMachine { spec, holder } = started;
        let mut session = holder.attach(false, true)?;
        loop {
            match session.events.next().await? {
                Event::Started => break,
                Event::Ended(Ending::Failure(failure)) => {
                    return Err(Error::Workload {
                        kind: failure.kind,
                        message: failure.message,
                    });
                }
                // What it has changed can be read all the same.
                Event::Ended(_) => break,
                Event::Output(_) | Event::Errors(_) => {}
            }
        }
        let request = CommitRequest {
            machine: spec.id,
            ..CommitRequest::default()
        };
        self.commit_machine(request).await
    }
}
