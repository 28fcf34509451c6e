//! Determines the command line of the workload.

use lazaret_oci::ProcessConfig;

use super::flags::RunFlags;
use crate::{AgentSpec, Command, Error};

/// The command line, by the rules of container tools: `--entrypoint` replaces entrypoint and
/// command and drops their arguments; an agent's `command` replaces both of the image's; arguments
/// after `--` replace the agent's `args`, else the image's command.
pub(super) fn argv(
    agent: &AgentSpec,
    image: &ProcessConfig,
    flags: &RunFlags,
) -> Result<Vec<String>, Error> {
    let argv = match (&flags.entrypoint, &agent.command) {
        (Some(program), _) => {
            let program = Some(program.clone()).filter(|program| !program.is_empty());
            program.into_iter().chain(flags.args.clone()).collect()
        }
        (None, Some(command)) => command.argv(arguments(agent, flags)),
        (None, None) => {
            let arguments = match arguments(agent, flags) {
                [] => &image.cmd,
                arguments => arguments,
            };
            [image.entrypoint.as_slice(), arguments].concat()
        }
    };
    match argv.first() {
        Some(program) if !program.is_empty() => Ok(argv),
        _ => Err(Error::NoCommand),
    }
}

/// Whether there are arguments for a shell command, which does not see them.
pub(super) fn shell_ignores_arguments(agent: &AgentSpec, flags: &RunFlags) -> bool {
    let Some(Command::Shell(script)) = &agent.command else {
        return false;
    };
    flags.entrypoint.is_none() && !arguments(agent, flags).is_empty() && !script.contains('$')
}

fn arguments<'a>(agent: &'a AgentSpec, flags: &'a RunFlags) -> &'a [String] {
    if flags.args.is_empty() {
        &agent.args
    } else {
        &flags.args
    }
}
