use std::path::{Path, PathBuf};

use lazaret_supervisor::{Error, VariantsError, read_port};
use lazaret_variants::Fault;
use serde::Serialize;

use super::which::DOCUMENT;
use crate::context::Context;
use crate::failure::Failure;

/// Check the whole document: every fault at once, each with line and column
///
/// Keys that have no effect are warned of.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Document with kernels, guest images and machines
    #[arg(long, value_name = "FILE", default_value = DOCUMENT)]
    config: PathBuf,
}

#[derive(Serialize)]
struct Report {
    file: PathBuf,
    faults: Vec<Fault>,
    warnings: Vec<Fault>,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> Result<(), Failure> {
        let config = &self.config;
        let (faults, warnings) = match read_port(config) {
            Ok(parsed) => (Vec::new(), parsed.warnings),
            Err(Error::Variants(VariantsError::Document { faults, .. })) => {
                (faults.faults, faults.warnings)
            }
            Err(error) => return Err(error.into()),
        };
        let report = Report {
            file: config.to_owned(),
            faults,
            warnings,
        };
        let printed = context.printer.result(&report, |report| {
            let warnings = report.warnings.iter();
            let warnings = warnings.map(|fault| format!("warning: {}", line(config, fault)));
            let faults = report.faults.iter().map(|fault| line(config, fault));
            let mut lines: Vec<String> = warnings.chain(faults).collect();
            if report.faults.is_empty() {
                lines.push(format!("{}: valid", config.display()));
            }
            lines.join("\n")
        });
        // A reader that has gone away does not make a faulty document good.
        match report.faults.len() {
            0 => Ok(printed?),
            faults => Err(Failure::Invalid { faults }),
        }
    }
}

/// A fault with its file.
fn line(path: &Path, fault: &Fault) -> String {
    format!("{}:{fault}", path.display())
}
