//! Lists the processes of a machine that runs.

use std::time::Duration;

use lazaret_protocol::ProcessReport;
use tokio::time::{Instant, timeout_at};

use crate::machines::{Ending, Event};
use crate::{Error, Home};

/// Most bytes of a list: a guest may send anything.
const LIST_BYTES: usize = 16 << 20;
/// Time for a list.
const ANSWERS_WITHIN: Duration = Duration::from_secs(60);

impl Home {
    /// The processes of a machine that runs, in order of their ids. What they say of themselves is not
    /// checked.
    ///
    /// # Errors
    /// [`Error::MachineNotFound`], [`Error::MachineNotRunning`]; [`Error::Workload`] when the machine
    /// does not answer properly.
    pub async fn machine_processes(&self, name: &str) -> Result<Vec<ProcessReport>, Error> {
        let found = self.machine(name)?;
        let mut session = self.holder(&found).await?.processes()?;
        let mut list = Vec::new();
        let deadline = Instant::now() + ANSWERS_WITHIN;
        let failed = |message: String| Error::Workload {
            message,
            kind: lazaret_protocol::FailureKind::Machine,
        };
        loop {
            let event = timeout_at(deadline, session.events.next()).await;
            let event =
                event.unwrap_or_else(|_| Err(failed("its guest does not answer".to_owned())));
            match event? {
                Event::Output(bytes) if list.len() + bytes.len() <= LIST_BYTES => {
                    list.extend_from_slice(&bytes);
                }
                Event::Output(_) => {
                    return Err(failed("the list of its processes is too long".to_owned()));
                }
                Event::Started | Event::Errors(_) => {}
                Event::Ended(Ending::Exit(outcome)) if outcome.exit_status() == 0 => break,
                Event::Ended(Ending::Failure(failure)) => return Err(failed(failure.message)),
                Event::Ended(_) => {
                    return Err(failed("the machine cannot list its processes".to_owned()));
                }
            }
        }
        let lines = list
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty());
        let reports: Result<Vec<ProcessReport>, _> = lines.map(serde_json::from_slice).collect();
        let mut reports = reports
            .map_err(|error| failed(format!("the list of its processes is none: {error}")))?;
        reports.sort_by_key(|report| report.pid);
        Ok(reports)
    }
}
