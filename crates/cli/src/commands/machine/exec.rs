use std::io::IsTerminal as _;
use std::path::PathBuf;

use lazaret_supervisor::{Agent, Ending, Holder, Outcome, Process, set_variable};

use crate::attach::{self, Carried, DetachKeys, Part, Signals, Terminal};
use crate::commands::run::flags;
use crate::context::Context;
use crate::exit;
use crate::failure::Failure;

/// The `PATH` of a command for which nobody has set one.
const STANDARD_PATH: &str = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Run a command in a running machine
///
/// It has the environment, the user and the working folder of the machine's workload. The exit
/// status is the command's own (128 plus the signal that ended it); 125 when Lazaret failed, 126
/// when the command cannot be run, 127 when it was not found.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Do not wait for the command
    #[arg(short, long, conflicts_with_all = ["interactive", "tty"])]
    detach: bool,
    /// Give the command standard input
    #[arg(short, long)]
    interactive: bool,
    /// Give the command a terminal
    #[arg(short, long)]
    tty: bool,
    /// Keys by which to leave the command, which ends it; empty for none [default: ctrl-p,ctrl-q]
    #[arg(
        long,
        value_name = "KEYS",
        default_value = "ctrl-p,ctrl-q",
        hide_default_value = true
    )]
    detach_keys: DetachKeys,
    /// Set a variable, `NAME=value`, or pass on the one of this environment, `NAME`
    #[arg(short, long, value_name = "NAME[=VALUE]")]
    env: Vec<String>,
    /// Read variables from a file, one a line: `NAME=value`, or `NAME` to pass one on
    #[arg(long, value_name = "FILE")]
    env_file: Vec<PathBuf>,
    /// `user`, `uid`, `user:group` or `uid:gid`
    #[arg(short, long)]
    user: Option<String>,
    /// Working folder
    #[arg(short, long, value_name = "DIR")]
    workdir: Option<String>,
    /// Keep all capabilities, whatever the workload has
    #[arg(long)]
    privileged: bool,
    /// Not in a machine of `lazaret`, but in one whose disk has the agent (`rootfs build --inject
    /// agent`): the socket of its port. There is no MACHINE then
    #[arg(long, value_name = "SOCKET", conflicts_with_all = ["detach", "privileged"])]
    agent: Option<PathBuf>,
    /// Name or id
    machine: String,
    /// Program and arguments; `--` may stand before them
    #[arg(
        required_unless_present = "agent",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    command: Vec<String>,
}

impl Args {
    pub(crate) async fn run(self, context: &Context) -> Result<u8, Failure> {
        let stdin_is_terminal = std::io::stdin().is_terminal();
        if self.tty && self.interactive && !stdin_is_terminal {
            return Err(Failure::usage_with(
                "standard input is no terminal",
                "leave `-t` out",
            ));
        }
        let (mut process, place) = match self.agent {
            Some(socket) => {
                let process = of_disk(self.machine, self.command);
                (process, Place::Disk(Agent::connect(&socket).await?))
            }
            None => {
                let home = context.home()?;
                let found = home.machine(&self.machine)?;
                let mut process = found.spec.process();
                process.argv = self.command;
                let holder = home.holder(&found).await?;
                (process, Place::Machine(holder))
            }
        };
        process.terminal = self.tty.then(flags::terminal_size);
        if self.privileged {
            process.capabilities = None;
        }
        for file in &self.env_file {
            set(&mut process.env, flags::lines(file)?);
        }
        set(&mut process.env, self.env);
        if let Some(user) = self.user {
            process.user = user;
        }
        if let Some(folder) = self.workdir {
            process.working_dir = folder;
        }
        let mut signals = Signals::install()?;
        let session = match &place {
            Place::Machine(holder) => holder.exec(process, self.detach)?,
            Place::Disk(agent) => agent.exec(process)?,
        };
        let part = Part {
            input: self.interactive && attach::stdin_is_ours(),
            terminal: (self.tty && self.interactive && attach::stdin_is_ours())
                .then(Terminal::enter)
                .transpose()?,
            keys: self.detach_keys,
            forwards: true,
        };
        match attach::carry(session, part, &mut signals, || {}).await? {
            Carried::Ended(Ending::Exit(outcome)) => {
                attach::tell_of(outcome, context.printer);
                Ok(outcome.exit_status())
            }
            Carried::Ended(Ending::Failure(failure)) => Err(Failure::Workload(failure)),
            Carried::Ended(Ending::Killed) => Ok(Ending::Killed.status()),
            Carried::Abandoned(number) => Ok(Outcome::Signal(number).exit_status()),
            Carried::Detached => Ok(exit::SUCCESS),
        }
    }
}

/// Where the command runs.
enum Place {
    /// In a machine of ours.
    Machine(Holder),
    /// In one that another hypervisor runs.
    Disk(Agent),
}

/// A command of a disk: of root, in `/`, with what container tools set.
fn of_disk(program: String, arguments: Vec<String>) -> Process {
    let mut argv = vec![program];
    argv.extend(arguments);
    Process {
        argv,
        env: vec![STANDARD_PATH.to_owned()],
        user: String::new(),
        working_dir: String::new(),
        terminal: None,
        capabilities: None,
    }
}

/// Sets variables in an environment.
fn set(environment: &mut Vec<String>, entries: Vec<String>) {
    for entry in entries
        .iter()
        .filter_map(|entry| crate::settings::expand_env(entry))
    {
        set_variable(environment, entry);
    }
}
