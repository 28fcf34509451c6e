use super::which::Which;
use crate::context::Context;
use crate::failure::Failure;
use crate::progress::Bars;
use crate::settings;

/// Check that a kernel or guest image is what its source gives, and can be booted
///
/// A kernel is compared with its source. A guest image is read back, and checked by `e2fsck` where there is
/// one. Everything that is wrong is told at once.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    which: Which,
}

impl Args {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let document = self.which.document(context)?;
        let home = context.home()?;
        let bars = Bars::new(context.printer, "validate");
        let (name, selector) = (&self.which.artifact, self.which.selector());
        let settings = settings::builds()?;
        let sink = bars.sink();
        let valid = home.validate_artifact(&document, name, selector, &settings, &sink);
        let valid = valid.await?;
        bars.clear();
        let path = valid.path.display().to_string();
        context.printer.made(&valid, &path, |valid| {
            let mut text = format!(
                "validated {} artifact '{}' as {} for {} at {path}",
                valid.kind, valid.name, valid.reference, valid.selector
            );
            for check in &valid.checks {
                text += &format!("\n  {check}");
            }
            text
        })?;
        Ok(())
    }
}
