use std::path::PathBuf;
use std::str::FromStr;

use lazaret_artifacts::Family;
use lazaret_supervisor::Validation;

use crate::context::Context;
use crate::failure::Failure;

/// Check artifact files against their schemas, offline
///
/// Reports every fault with a JSON pointer: the same list that `push` and the registry report.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Artifact files, YAML or JSON
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Family of the files [default: what their `kind` says]
    #[arg(long, value_parser = Family::from_str)]
    family: Option<Family>,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> Result<(), Failure> {
        let reports = self
            .files
            .iter()
            .map(|file| lazaret_supervisor::validate_file(file, self.family))
            .collect::<Result<Vec<Validation>, _>>()?;
        context.printer.result(&reports, |reports| {
            reports.iter().map(render).collect::<String>()
        })?;
        match reports.iter().map(|report| report.faults.len()).sum() {
            0 => Ok(()),
            faults => Err(Failure::Invalid { faults }),
        }
    }
}

fn render(report: &Validation) -> String {
    let file = report.file.display();
    if report.faults.is_empty() {
        return format!("{file}: valid {}\n", report.family);
    }
    report
        .faults
        .iter()
        .map(|fault| format!("{file}: {fault}\n"))
        .collect()
}
