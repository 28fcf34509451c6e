//! One run of a machine, from the start of its emulator to the ending of its workload.

use std::sync::Arc;
use std::time::Duration;

use lazaret_protocol::mux::Event;
use lazaret_values::Chain;
use lazaret_vm::Events;
use tokio::time::{Instant, sleep_until};

use super::desk::{Demand, Demands, Desk};
use super::save;
use crate::Error;
use crate::machines::audited;
use crate::machines::driver::Driver;
use crate::machines::life::{Ending, Life};
use crate::machines::log::LogStream;
use crate::machines::machine::Machine;

const SIGKILL: u8 = 9;
/// Time for a guest to obey SIGKILL, after which its machine is ended without it.
const OBEYS_WITHIN: Duration = Duration::from_secs(2);

/// How a run has ended.
pub(super) struct Ended {
    /// The ending, or why there is none.
    pub(super) ending: Result<Ending, String>,
    /// Whether the user has ended it, so that the machine is not started again by itself.
    pub(super) is_final: bool,
}

/// What happens at the deadline of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    /// The workload is killed.
    Kill,
    /// The machine is ended.
    End,
}

/// Starts the machine and carries what its workload writes until that ends, or is ended by a client.
pub(super) async fn run(
    machine: &mut Machine<Driver>,
    desk: &Arc<Desk>,
    demands: &mut Demands,
    restarts: u32,
) -> Ended {
    if let Err(reason) = desk.audit().check() {
        // It is lost while it starts.
        if *machine.life() != Life::Starting && machine.restart().is_err() {
            tracing::error!("a machine whose log cannot go on is in no state to be started");
        }
        return Ended {
            ending: Err(reason),
            is_final: true,
        };
    }
    audited::start(desk.audit(), machine.spec(), restarts);
    let started = tokio::select! {
        started = machine.start(restarts) => started,
        () = demands.end() => return killed(),
    };
    let mut guest = match started {
        Ok(guest) => guest,
        Err(error) => {
            return Ended {
                ending: Err(Chain(&error).to_string()),
                is_final: false,
            };
        }
    };
    desk.up(guest.channel, guest.workload.control, guest.workload.input)
        .await;
    // Clients that wait for this find their input.
    desk.set_life(machine.life().clone());
    let ended = carry(machine, desk, demands, &mut guest.workload.events).await;
    desk.down().await;
    ended
}

fn killed() -> Ended {
    Ended {
        ending: Ok(Ending::Killed),
        is_final: true,
    }
}

async fn carry(
    machine: &mut Machine<Driver>,
    desk: &Arc<Desk>,
    demands: &mut Demands,
    events: &mut Events,
) -> Ended {
    let limit = machine.spec().options.timeout_seconds;
    let mut deadline = limit.map(|seconds| (in_seconds(seconds), Then::Kill));
    let mut is_final = false;
    let output = output(desk, events);
    tokio::pin!(output);
    machine.prepare_next();
    loop {
        let at = deadline.map_or_else(Instant::now, |(at, _)| at);
        tokio::select! {
            ending = &mut output => return Ended { ending, is_final },
            demand = demands.next() => match demand {
                Demand::Stop { signal, seconds } => {
                    if *machine.life() == Life::Paused
                        && let Err(error) = resume(machine, desk).await
                    {
                        tracing::warn!(error = %Chain(&error), "a paused machine is stopped");
                    }
                    desk.signal(signal);
                    is_final = true;
                    deadline = Some((in_seconds(seconds), Then::Kill));
                }
                Demand::Kill(signal) => {
                    desk.signal(signal);
                    if signal == SIGKILL {
                        is_final = true;
                        deadline = Some((Instant::now() + OBEYS_WITHIN, Then::End));
                    }
                }
                Demand::End if machine.spec().writes_volumes() && *machine.life() == Life::Running => {
                    // The guest closes the volumes.
                    desk.signal(SIGKILL);
                    is_final = true;
                    deadline = Some((Instant::now() + OBEYS_WITHIN, Then::End));
                }
                Demand::End => return killed(),
                Demand::Pause(reply) => {
                    let paused = machine.pause().await;
                    desk.set_life(machine.life().clone());
                    reply.send(paused);
                }
                Demand::Resume(reply) => {
                    let resumed = resume(machine, desk).await;
                    reply.send(resumed);
                }
                Demand::Save(folder, reply) => match save::capture(machine, desk, &folder).await {
                    // The machine goes on meanwhile.
                    Ok(saved) => drop(tokio::spawn(async { reply.send(saved.write().await) })),
                    Err(error) => reply.send(Err(error)),
                },
            },
            () = sleep_until(at), if deadline.is_some() => match deadline {
                Some((_, Then::Kill)) => {
                    is_final = true;
                    desk.signal(SIGKILL);
                    deadline = Some((Instant::now() + OBEYS_WITHIN, Then::End));
                }
                _ => return killed(),
            },
        }
    }
}

/// Lets a paused machine go on, with the right time.
async fn resume(machine: &mut Machine<Driver>, desk: &Arc<Desk>) -> Result<(), Error> {
    machine.resume().await?;
    desk.set_life(machine.life().clone());
    desk.set_clock().await;
    Ok(())
}

/// A moment so far away that it never comes when the number is too large.
fn in_seconds(seconds: u64) -> Instant {
    const LONGEST: u64 = 10 * 365 * 24 * 3600;
    Instant::now() + Duration::from_secs(seconds.min(LONGEST))
}

/// Carries the workload's output to the log and to the clients that wait for it.
async fn output(desk: &Arc<Desk>, events: &mut Events) -> Result<Ending, String> {
    loop {
        match events.next().await {
            Ok(Some(Event::Started)) => desk.started(),
            Ok(Some(Event::Output(bytes))) => desk.output(LogStream::Output, &bytes).await,
            Ok(Some(Event::Errors(bytes))) => desk.output(LogStream::Errors, &bytes).await,
            Ok(Some(Event::Ended(lazaret_protocol::Ending::Exit(outcome)))) => {
                return Ok(Ending::Exit(outcome));
            }
            Ok(Some(Event::Ended(lazaret_protocol::Ending::Failure(failure)))) => {
                return Ok(Ending::Failure(failure));
            }
            Ok(None) => return Err("the machine ended before the workload did".to_owned()),
            Err(error) => return Err(Chain(&error).to_string()),
        }
    }
}
