use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use lazaret_artifacts::{Family, MAX_CONFIG_BYTES};
use lazaret_supervisor::{Error, Validation, artifact_files, validate_file, validate_text};
use lazaret_values::{Chain, Printable};
use serde::Serialize;

use crate::context::Context;
use crate::failure::Failure;
use crate::report::report;

/// Check artifact files against their schemas, offline
///
/// Reports every fault with its line, its column and a JSON pointer: the same list that `push` and
/// the registry report. A file that cannot be read does not keep the others from being checked.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Artifact files, YAML or JSON, with one document or several; folders with such files, where
    /// those of no known kind are passed over; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Family of the files [default: what their `kind` says]
    #[arg(long, value_parser = Family::from_str)]
    family: Option<Family>,
}

/// What came of one document, or of a file that could not be checked.
#[derive(Serialize)]
#[serde(untagged)]
enum Report {
    Checked(Validation),
    Failed { file: PathBuf, error: String },
}

/// Everything that came of the files.
#[derive(Default)]
struct Outcome {
    reports: Vec<Report>,
    failures: Vec<Error>,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> Result<(), Failure> {
        let mut outcome = Outcome::default();
        for path in &self.files {
            if !path.is_dir() {
                outcome.add(path, self.check(path));
                continue;
            }
            match artifact_files(path) {
                Err(failure) => outcome.add(path, Err(failure)),
                Ok(files) => {
                    for file in files {
                        match self.check(&file) {
                            Err(Error::UnknownKind { kind, .. }) if !resembles(&kind) => {}
                            checked => outcome.add(&file, checked),
                        }
                    }
                }
            }
        }
        // A reader that has gone away does not make a faulty document good.
        let printed = context.printer.result(&outcome.reports, |reports| {
            reports.iter().map(Report::to_text).collect::<String>()
        });
        let faults = outcome.reports.iter().map(Report::count).sum();
        let last = match faults {
            0 => outcome.failures.pop().map(Failure::from),
            faults => Some(Failure::Invalid { faults }),
        };
        for failure in outcome.failures {
            report(&failure.into(), context.printer, None);
        }
        match last {
            Some(failure) => Err(failure),
            None => Ok(printed?),
        }
    }

    fn check(&self, path: &Path) -> Result<Vec<Validation>, Error> {
        match path.to_str() {
            Some("-") => validate_text(path, &standard_input(path)?, self.family),
            _ => validate_file(path, self.family),
        }
    }
}

impl Outcome {
    fn add(&mut self, path: &Path, checked: Result<Vec<Validation>, Error>) {
        match checked {
            Ok(checked) => self
                .reports
                .extend(checked.into_iter().map(Report::Checked)),
            Err(failure) => {
                self.reports.push(Report::Failed {
                    file: path.to_owned(),
                    error: Chain(&failure).to_string(),
                });
                self.failures.push(failure);
            }
        }
    }
}

impl Report {
    fn count(&self) -> usize {
        match self {
            Self::Checked(checked) => checked.faults.len(),
            Self::Failed { .. } => 0,
        }
    }

    fn to_text(&self) -> String {
        match self {
            // It is printed as an error.
            Self::Failed { .. } => String::new(),
            Self::Checked(Validation {
                file,
                family,
                faults,
            }) => {
                let file = file.display();
                if faults.is_empty() {
                    let family = family.map(Family::name).unwrap_or_default();
                    return format!("{file}: valid {family}\n");
                }
                let lines = faults.iter().map(|found| {
                    let place = match (found.line, found.column) {
                        (Some(line), Some(column)) => format!(":{line}:{column}"),
                        _ => String::new(),
                    };
                    let line = format!("{file}{place}: {}", found.fault);
                    format!("{}\n", Printable::new(&line).whole())
                });
                lines.collect()
            }
        }
    }
}

/// Whether a kind was meant as one of the families'.
fn resembles(kind: &str) -> bool {
    let kinds = Family::ALL.map(Family::kind);
    kinds.iter().any(|known| known.eq_ignore_ascii_case(kind))
        || lazaret_values::nearest(kind, kinds).is_some()
}

fn standard_input(path: &Path) -> Result<String, Error> {
    let mut text = String::new();
    let mut stdin = std::io::stdin().lock().take(MAX_CONFIG_BYTES as u64 + 1);
    let read = stdin.read_to_string(&mut text);
    read.map_err(|error| Error::Source {
        path: path.to_owned(),
        reason: error.to_string(),
    })?;
    Ok(text)
}
