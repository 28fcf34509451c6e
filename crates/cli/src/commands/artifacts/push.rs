use lazaret_supervisor::VariantRequest;

use super::moved::show;
use super::which::Which;
use crate::context::Context;
use crate::failure::Failure;
use crate::progress::Bars;
use crate::settings::named_variable;

/// Push a variant to the store that the document names for it, and keep a copy in the cache
///
/// The initial RAM disk beside a guest image (`initrd.cpio.gz`) goes with it.
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
        let bars = Bars::new(context.printer, "push");
        let pushed = home.push_variant(&document, &request, &named_variable, bars.sink());
        let pushed = pushed.await?;
        bars.clear();
        show(context, "pushed", &pushed)
    }
}
