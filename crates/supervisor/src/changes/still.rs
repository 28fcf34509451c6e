//! Has a machine hold still while its disks are read.

use std::time::Duration;

use lazaret_protocol::{FREEZE_SECONDS, Outcome};
use tokio::time::{sleep, timeout};

use super::overlay::{Disks, fault, scratch_of};
use crate::changes_fault::ChangesFault;
use crate::machines::{Ending, Event, Found, Held, Holder, Session};
use crate::{Error, Home, blocking};

/// Interval at which a guest that holds writes back hears that it is still to do so.
const BEAT: Duration = Duration::from_secs(FREEZE_SECONDS / 6);
/// Time for a guest to write everything.
const HOLDS_WITHIN: Duration = Duration::from_secs(120);
/// Time for a guest to let writes go on.
const THAWS_WITHIN: Duration = Duration::from_secs(FREEZE_SECONDS);
/// How often a machine is looked at anew that starts or ends meanwhile.
const ATTEMPTS: u32 = 5;

impl Home {
    /// Does this with the disks of a machine, which nobody writes to meanwhile: it does not run, or
    /// it holds its writes back.
    pub(super) async fn read_changes<T: Send + 'static>(
        &self,
        found: &Found,
        work: impl FnOnce(&Disks) -> Result<T, Error> + Clone + Send + 'static,
    ) -> Result<T, Error> {
        scratch_of(&found.spec)?;
        let id = &found.spec.id;
        let mut attempt = 1;
        loop {
            let now = self.machine(id)?;
            let tried = match now.state.life.is_held() {
                true => self.read_running(&now, work.clone()).await,
                false => self.read_ended(id, work.clone()).await,
            };
            match tried {
                // It has been started or has ended since it was looked at.
                Err(Error::MachineRunning { .. } | Error::MachineNotRunning { .. })
                    if attempt < ATTEMPTS =>
                {
                    attempt += 1;
                }
                tried => return tried,
            }
        }
    }

    async fn read_ended<T: Send + 'static>(
        &self,
        id: &str,
        work: impl FnOnce(&Disks) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let Held { found, lock } = self.take(id, "read").await?;
        blocking(move || {
            let done = work(&Disks::open(&found, false)?);
            drop(lock);
            done
        })
        .await
    }

    async fn read_running<T: Send + 'static>(
        &self,
        found: &Found,
        work: impl FnOnce(&Disks) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let still = Still::begin(&self.holder(found).await?, found).await?;
        let of = found.clone();
        let working = blocking(move || work(&Disks::open(&of, true)?));
        still.during(working).await
    }
}

/// A machine that holds its writes back.
struct Still<'a> {
    session: Session,
    found: &'a Found,
}

impl<'a> Still<'a> {
    async fn begin(holder: &Holder, found: &'a Found) -> Result<Self, Error> {
        let mut session = holder.freeze()?;
        let holds = async {
            loop {
                match session.events.next().await? {
                    Event::Output(_) => return Ok::<_, Error>(None),
                    Event::Started | Event::Errors(_) => {}
                    Event::Ended(Ending::Failure(failure)) => return Ok(Some(failure.message)),
                    Event::Ended(_) => {
                        return Ok(Some("its guest cannot hold its writes back".to_owned()));
                    }
                }
            }
        };
        let refused = match timeout(HOLDS_WITHIN, holds).await {
            Ok(refused) => refused?,
            Err(_) => Some("its guest does not answer".to_owned()),
        };
        match refused {
            None => Ok(Self { session, found }),
            Some(message) => Err(fault(&found.spec, ChangesFault::Refused { message })),
        }
    }

    /// Waits for some work, and lets the machine go on. The outcome counts only if it held still until
    /// then.
    async fn during<T>(self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let Session {
            mut input,
            mut events,
            control: _,
        } = self.session;
        let disturbed = || fault(&self.found.spec, ChangesFault::Disturbed);
        tokio::pin!(work);
        let mut has_ended = false;
        let done = loop {
            tokio::select! {
                done = &mut work => break done,
                () = sleep(BEAT), if !has_ended => {
                    has_ended |= !input.write(b"\n").await;
                }
                // The work ends by itself: the disk is read within bounds whatever is on it.
                event = events.next(), if !has_ended => {
                    has_ended = matches!(event, Ok(Event::Ended(_)) | Err(_));
                }
            }
        };
        if has_ended {
            return Err(disturbed());
        }
        drop(input);
        let ending = async {
            loop {
                match events.next().await {
                    Ok(Event::Ended(ending)) => return Some(ending),
                    Ok(_) => {}
                    Err(_) => return None,
                }
            }
        };
        match timeout(THAWS_WITHIN, ending).await {
            Ok(Some(Ending::Exit(Outcome::Code(0)))) => done,
            _ => Err(disturbed()),
        }
    }
}
