use std::io::Write as _;

use lazaret_supervisor::{Ending, Event, LogReader, LogStream, Outcome};

use crate::attach::{self, Carried, DetachKeys, Part, Signals};
use crate::commands::run;
use crate::commands::run::asking::Attention;
use crate::context::Context;
use crate::exit;
use crate::failure::Failure;

/// Take part in the workload of a running machine: its output from now on, input and signals
///
/// The exit status is the workload's own; 0 when it is left running.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Do not give it standard input
    #[arg(long)]
    no_stdin: bool,
    /// Forward signals to the workload; without a terminal only
    #[arg(long, default_value_t = true, action = clap::ArgAction::Set, value_name = "BOOL")]
    sig_proxy: bool,
    /// Keys by which to leave it running; empty for none [default: ctrl-p,ctrl-q]
    #[arg(
        long,
        value_name = "KEYS",
        default_value = "ctrl-p,ctrl-q",
        hide_default_value = true
    )]
    detach_keys: DetachKeys,
    /// Name or id
    machine: String,
}

impl Args {
    pub(crate) async fn run(self, context: &Context) -> Result<u8, Failure> {
        let home = context.home()?;
        let found = home.machine(&self.machine)?;
        let holder = home.holder(&found).await?;
        let spec = &found.spec;
        let mut signals = Signals::install()?;
        let mut log = home.machine_log(&found);
        log.skip_to_end()?;
        let mut changes = holder.watch()?;
        let session = holder.attach(false, false)?;
        let terminal = match self.no_stdin {
            true => None,
            false => run::enter_terminal(spec)?,
        };
        let has_terminal = terminal.is_some();
        let part = Part {
            input: !self.no_stdin && spec.options.interactive && attach::stdin_is_ours(),
            terminal,
            keys: self.detach_keys,
            forwards: self.sig_proxy && !spec.has_terminal(),
        };
        let attention = Attention::of(&part);
        let carrying = attach::carry(session, part, &mut signals, || {});
        let attending = run::asking::attend(context, &home, spec, &holder, attention);
        tokio::pin!(carrying, attending);
        // What the workload writes comes from the log: a reader that is slow delays nobody.
        let carried = loop {
            tokio::select! {
                carried = &mut carrying => break carried,
                never = &mut attending => match never {},
                event = changes.events.next() => match event {
                    Ok(Event::Ended(_)) | Err(_) => break carrying.await,
                    Ok(_) => show(&mut log)?,
                },
            }
        };
        show(&mut log)?;
        match carried? {
            Carried::Ended(Ending::Exit(outcome)) => {
                attach::tell_of(outcome, context.printer);
                Ok(outcome.exit_status())
            }
            Carried::Ended(Ending::Failure(failure)) => Err(Failure::Workload(failure)),
            Carried::Ended(Ending::Killed) => Ok(Ending::Killed.status()),
            Carried::Abandoned(number) => Ok(Outcome::Signal(number).exit_status()),
            Carried::Detached => {
                if has_terminal {
                    // The line that the workload left unfinished.
                    context.printer.always("");
                }
                Ok(exit::SUCCESS)
            }
        }
    }
}

/// Writes what is new in the log.
fn show(log: &mut LogReader) -> Result<(), Failure> {
    while let Some(record) = log.next_record()? {
        match record.stream {
            LogStream::Output => {
                let mut stdout = std::io::stdout().lock();
                stdout.write_all(&record.bytes)?;
                stdout.flush()?;
            }
            LogStream::Errors => std::io::stderr().lock().write_all(&record.bytes)?,
        }
    }
    Ok(())
}
