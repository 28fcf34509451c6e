use lazaret_supervisor::CommitRequest;

use crate::context::Context;
use crate::failure::Failure;
use crate::printer::bytes;

/// Make an image of a machine's image and of what the machine has changed
///
/// The image has the configuration of the machine's image, and one more layer. A running machine goes
/// on; its writes wait while they are read. Volumes and file systems in memory are left out.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Who made the image
    #[arg(short, long)]
    author: Option<String>,
    /// What was changed, for the image's history
    #[arg(short, long, value_name = "TEXT")]
    message: Option<String>,
    /// Change the configuration: CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, USER, VOLUME, WORKDIR or
    /// STOPSIGNAL, as in a Dockerfile
    #[arg(short, long, value_name = "INSTRUCTION")]
    change: Vec<String>,
    /// Hold the machine's writes back while they are read [default: true, and nothing else]
    #[arg(
        short,
        long,
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_value_t = true,
        default_missing_value = "true",
        hide_default_value = true,
        hide_possible_values = true,
        action = clap::ArgAction::Set
    )]
    pause: bool,
    /// Name or id
    machine: String,
    /// Name of the image [default: `commit`, with a tag from its digest]
    image: Option<String>,
}

impl Args {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        if !self.pause {
            return Err(Failure::usage_with(
                "--pause=false cannot be used: what is read would be no state that the machine \
                 ever had",
                "leave it out: only writes wait, not the machine",
            ));
        }
        let request = CommitRequest {
            machine: self.machine,
            name: self.image,
            author: self.author,
            message: self.message,
            changes: self.change,
        };
        let made = context.home()?.commit_machine(request).await?;
        let digest = made.digest.to_string();
        context.printer.note(&format!(
            "{}: a layer of {}, {} entries",
            made.name,
            bytes(made.size),
            made.entries
        ));
        Ok(context.printer.result(&made, |_| digest)?)
    }
}
