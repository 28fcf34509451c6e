mod check;
mod edit;
mod import;
mod learn;
mod list;
mod place;

use crate::context::Context;
use crate::failure::Failure;

/// Policies: what an agent may reach
///
/// Without `--policy`, it is the `lazaret-policy.yaml` (or Lens's `lns-policy.yaml`) of the working
/// folder or of the nearest folder above it.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Show(list::ShowArgs),
    #[command(alias = "ls")]
    List(list::ListArgs),
    Check(check::Args),
    /// Add a rule that allows
    Allow(edit::RuleArgs),
    /// Add a rule that denies
    Deny(edit::RuleArgs),
    /// Add a rule by which a person is asked
    Ask(edit::RuleArgs),
    #[command(alias = "rm")]
    Remove(edit::RemoveArgs),
    Learn(learn::Args),
    Import(import::Args),
}

impl Command {
    pub(crate) fn run(self, context: &Context) -> Result<u8, Failure> {
        use lazaret_policy::Verdict;
        match self {
            Self::Show(args) => args.run(context)?,
            Self::List(args) => args.run(context)?,
            Self::Check(args) => return args.run(context),
            Self::Allow(args) => args.run(context, Verdict::Allow)?,
            Self::Deny(args) => args.run(context, Verdict::Deny)?,
            Self::Ask(args) => args.run(context, Verdict::Ask)?,
            Self::Remove(args) => args.run(context)?,
            Self::Learn(args) => args.run(context)?,
            Self::Import(args) => args.run(context)?,
        }
        Ok(crate::exit::SUCCESS)
    }
}
