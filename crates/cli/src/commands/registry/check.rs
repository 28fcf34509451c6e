use std::sync::Arc;

use lazaret_content::SystemClock;
use lazaret_content::collect::{Action, Check, CheckEvent, CheckOptions, CheckSummary, Finding};

use super::stores::StoresArgs;
use crate::context::Context;
use crate::exit;
use crate::failure::Failure;
use crate::format::Format;
use crate::printer::bytes;

/// Verify every digest and reference of a registry
///
/// May run beside the server. Exits with 0 when all is well or repaired, with 8 otherwise.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    stores: StoresArgs,
    /// Only look whether content is there with the right size
    #[arg(long)]
    quick: bool,
    /// Quarantine damaged blobs, release good ones, delete objects that nothing names
    #[arg(long)]
    repair: bool,
}

impl Args {
    pub(crate) async fn run(self, context: &Context) -> Result<u8, Failure> {
        let stores = self.stores.open(context).await?;
        let options = CheckOptions {
            quick: self.quick,
            repair: self.repair,
            ..CheckOptions::default()
        };
        let clock = Arc::new(SystemClock);
        let check = Check::new(stores.database, stores.objects, clock, options);
        let printer = context.printer;
        let mut printed = Ok(());
        let mut left = 0_u64;
        let mut note = |event: CheckEvent<'_>| {
            if let CheckEvent::Finding(finding) = event {
                left += u64::from(!finding.fault.is_note() && finding.action == Action::None);
                let text = match printer.format {
                    Format::Text | Format::Template(_) => line(finding),
                    Format::Json => serde_json::to_string(finding).unwrap_or_default(),
                };
                if printed.is_ok() {
                    printed = printer.data(&text);
                }
            }
        };
        let summary = check.run(&mut note).await?;
        printed?;
        match printer.format {
            Format::Text | Format::Template(_) => printer.data(&total(&summary))?,
            Format::Json => printer.data(&serde_json::json!({ "summary": summary }).to_string())?,
        }
        Ok(if left == 0 {
            exit::SUCCESS
        } else {
            exit::INTEGRITY
        })
    }
}

fn line(finding: &Finding) -> String {
    let mut text = String::new();
    if let Some(repository) = &finding.repository {
        text += repository.as_str();
    }
    if let Some(tag) = &finding.tag {
        text = format!("{text}:{tag}");
    }
    if let Some(digest) = &finding.digest {
        text = match text.is_empty() {
            true => digest.to_string(),
            false => format!("{text}@{digest}"),
        };
    }
    if let (true, Some(object)) = (text.is_empty(), &finding.object) {
        text = format!("object {object}");
    }
    let action = match finding.action {
        Action::None => "",
        Action::Quarantined => " (quarantined)",
        Action::Released => " (released)",
        Action::Deleted => " (deleted)",
    };
    format!("{text}: {}{action}", finding.fault)
}

fn total(summary: &CheckSummary) -> String {
    format!(
        "checked {} blobs ({} read), {} manifests and {} tags in {} repositories, {} objects: \
         {} faults, {} repaired, {} notes",
        summary.blobs,
        bytes(summary.bytes_read),
        summary.manifests,
        summary.tags,
        summary.repositories,
        summary.objects,
        summary.faults,
        summary.repaired,
        summary.notes,
    )
}
