use lazaret_supervisor::VariantRequest;

use super::moved::show;
use super::which::Which;
use crate::context::Context;
use crate::failure::Failure;
use crate::progress::Bars;
use crate::settings::named_variable;

/// Pull a variant from the store that the document names for it, to its path and the cache
///
/// A file at the path is replaced; a link, a device or a folder is not.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    which: Which,
}

impl Args {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let document = self.which.document(context)?;
        let home = context.home()?;
        let request = VariantRequest {
            selector: self.which.selector(),
            artifact: self.which.artifact,
        };
        let bars = Bars::new(context.printer, "pull");
        let pulled = home.pull_variant(&document, &request, &named_variable, bars.sink());
        let pulled = pulled.await?;
        bars.clear();
        if let Some(path) = &pulled.stale_initrd {
            let path = path.display();
            context.printer.warning(&format!(
                "{path} is not of this image: its store has no initial RAM disk"
            ));
        }
        show(context, "pulled", &pulled)
    }
}
