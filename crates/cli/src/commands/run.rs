pub(super) mod asking;
pub(crate) mod flags;
pub(crate) mod id_file;
mod named;

use std::io::IsTerminal as _;
use std::path::PathBuf;

use lazaret_supervisor::{
    Begun, Ending, Event, Holder, Home, MachineSpec, Outcome, Session, StartedMachine,
};

use self::asking::Attention;
use self::flags::{Flags, Of, Wanted};
use self::id_file::IdFile;
use crate::attach::{self, Carried, DetachKeys, Part, Signals, Terminal};
use crate::context::Context;
use crate::exit;
use crate::failure::Failure;

/// Run an agent, a bundle or a plain image in a microVM
///
/// Output streams as it comes, on the channel the workload wrote it to. The exit status is the
/// workload's own (128 plus the signal that ended it); 125 when Lazaret failed, 126 when the
/// command cannot be run, 127 when it was not found.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Leave the machine running, and print its id
    #[arg(short, long)]
    detach: bool,
    /// Keys by which to leave the machine running, with `-t`; empty for none [default:
    /// ctrl-p,ctrl-q]
    #[arg(
        long,
        value_name = "KEYS",
        default_value = "ctrl-p,ctrl-q",
        hide_default_value = true
    )]
    detach_keys: DetachKeys,
    #[command(flatten)]
    flags: Flags,
}

impl Args {
    pub(crate) async fn run(self, context: &Context) -> Result<u8, Failure> {
        self.run_of(context, &Of::Images).await
    }

    /// Runs the pack in the place of an image.
    pub(crate) async fn run_pack(
        self,
        context: &Context,
        keys: Vec<PathBuf>,
    ) -> Result<u8, Failure> {
        self.flags.check_for_pack()?;
        self.run_of(context, &Of::Pack(keys)).await
    }

    async fn run_of(self, context: &Context, of: &Of) -> Result<u8, Failure> {
        let Args {
            detach,
            detach_keys,
            flags,
        } = self;
        if flags.tty && flags.interactive && !detach && !std::io::stdin().is_terminal() {
            return Err(Failure::usage_with(
                "standard input is no terminal",
                "leave `-t` out, or give `-d`",
            ));
        }
        let id_file = IdFile::create(flags.cidfile.as_deref())?;
        let home = context.home()?;
        let interactive = flags.interactive;
        let project = flags.unused_policy();
        let (started, mut signals) = match flags.replica(&home)? {
            Some((checkpoint, new)) => {
                let signals = Signals::install()?;
                (home.run_machine_from(&checkpoint, new).await?, signals)
            }
            None => {
                let Wanted {
                    prepared,
                    naming,
                    options,
                } = flags.prepare(context, &home, of).await?;
                let signals = Signals::install()?;
                (home.run_machine(prepared, naming, options).await?, signals)
            }
        };
        let StartedMachine { spec, holder } = started;
        id_file.write(&spec.id)?;
        if let Some(path) = project.filter(|_| !spec.has_network()) {
            context.printer.note(&format!(
                "the machine has no network: {} is used with --policy",
                path.display()
            ));
        }
        let session = holder.attach(!detach, true)?;
        if detach {
            return leave(context, &spec, &holder, session, &mut signals).await;
        }
        let part = Part {
            input: interactive && attach::stdin_is_ours(),
            terminal: match interactive {
                true => enter_terminal(&spec)?,
                false => None,
            },
            keys: detach_keys,
            forwards: true,
        };
        follow(context, &home, &spec, &holder, session, part, signals).await
    }
}

/// The terminal in raw mode, for a workload that has one, if standard input is a terminal, too.
pub(super) fn enter_terminal(spec: &MachineSpec) -> Result<Option<Terminal>, Failure> {
    let is_ours = std::io::stdin().is_terminal() && attach::stdin_is_ours();
    let wanted = spec.has_terminal() && spec.options.interactive && is_ours;
    wanted.then(Terminal::enter).transpose()
}

/// Waits until the workload runs, and leaves it then.
async fn leave(
    context: &Context,
    spec: &MachineSpec,
    holder: &Holder,
    session: Session,
    signals: &mut Signals,
) -> Result<u8, Failure> {
    let interrupted = wait_until_up(holder, session, signals).await?;
    if let Some(status) = interrupted {
        return Ok(status);
    }
    // A workload that has ended by now left nothing to detach from.
    let _over = holder.detach().await;
    context.printer.data(&spec.id)?;
    Ok(exit::SUCCESS)
}

/// Waits until the workload runs. When the user asks for an end before, the machine is ended and the
/// exit status returned.
pub(super) async fn wait_until_up(
    holder: &Holder,
    mut session: Session,
    signals: &mut Signals,
) -> Result<Option<u8>, Failure> {
    loop {
        tokio::select! {
            event = session.events.next() => match event? {
                Event::Ended(Ending::Failure(failure)) => return Err(Failure::Workload(failure)),
                Event::Started | Event::Ended(_) => return Ok(None),
                Event::Output(_) | Event::Errors(_) => {}
            },
            number = signals.next_demand() => {
                // It is gone in any case; the user has said how it ended.
                let _ended = holder.end().await;
                return Ok(Some(Outcome::Signal(number).exit_status()));
            }
        }
    }
}

/// Why the machine was booted although it could have begun from a template.
fn fallback(home: &Home, spec: &MachineSpec) -> Option<String> {
    match home.machine(&spec.id).ok()?.state.begun? {
        Begun::Fallback(reason) => Some(reason),
        Begun::Cold | Begun::Template | Begun::Checkpoint => None,
    }
}

/// Takes part in the workload until it ends or is left; returns the exit status.
pub(super) async fn follow(
    context: &Context,
    home: &Home,
    spec: &MachineSpec,
    holder: &Holder,
    session: Session,
    part: Part,
    mut signals: Signals,
) -> Result<u8, Failure> {
    let has_terminal = part.terminal.is_some();
    let status = crate::progress::Line::new(context.printer, &format!("starting {}", spec.name));
    let up = || {
        status.clear();
        if let Some(reason) = fallback(home, spec) {
            context.printer.note(&format!(
                "booted anew, because the template failed: {reason}"
            ));
        }
    };
    let attention = Attention::of(&part);
    let carried = tokio::select! {
        carried = attach::carry(session, part, &mut signals, up) => carried,
        never = asking::attend(context, home, spec, holder, attention) => match never {},
    };
    if lazaret_supervisor::is_full(&context.settings.data) {
        context
            .printer
            .warning("the disk of this machine is full: what the workload wrote may be incomplete");
    }
    match carried? {
        Carried::Ended(Ending::Exit(outcome)) => {
            attach::tell_of(outcome, context.printer);
            Ok(outcome.exit_status())
        }
        Carried::Ended(Ending::Failure(failure)) => Err(Failure::Workload(failure)),
        Carried::Ended(Ending::Killed) => Ok(Ending::Killed.status()),
        Carried::Abandoned(number) => {
            // It is gone in any case; the user has said how it ended.
            let _ended = holder.end().await;
            Ok(Outcome::Signal(number).exit_status())
        }
        Carried::Detached => {
            holder.detach().await?;
            if has_terminal {
                // The line that the workload left unfinished.
                context.printer.always("");
                context.printer.note(&format!("left {} running", spec.name));
            }
            Ok(exit::SUCCESS)
        }
    }
}
