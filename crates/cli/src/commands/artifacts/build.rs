use super::which::Which;
use crate::context::Context;
use crate::failure::Failure;
use crate::progress::Bars;
use crate::settings;

/// Build a kernel or guest image for this host's architecture
///
/// The result appears whole, at the path that the document gives. What it is built from is in the
/// artifact's table `source`. PORT_BUSYBOX_BIN, PORT_DEMO_GUEST_IMAGE_SIZE and PORT_PVM_BUILD_FLAKE_REF
/// are read as Port reads them.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    which: Which,
}

impl Args {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let document = self.which.document(context)?;
        let home = context.home()?;
        let bars = Bars::new(context.printer, "build");
        let (name, selector) = (&self.which.artifact, self.which.selector());
        let settings = settings::builds()?;
        let sink = bars.sink();
        let built = home.build_artifact(&document, name, selector, &settings, &sink);
        let built = built.await?;
        bars.clear();
        let path = built.path.display().to_string();
        context.printer.made(&built, &path, |built| {
            format!(
                "built {} artifact '{}' as {} for {} at {path}",
                built.kind, built.name, built.reference, built.selector
            )
        })?;
        Ok(())
    }
}
