//! Reads what is done for a request: the stages below a resource or an operation.

use super::attributes::Statement;
use super::imported::{Format, Stage};
use super::left::Report;
use super::origin::Origin;
use super::words::{MOST_VALUES, list, reason};

/// The stages of a resource or an operation, without those that every route has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Steps {
    /// The stages in order, each once, without [`Stage::Cache`] and [`Stage::Pull`].
    pub(super) stages: Vec<Stage>,
    /// The files of credentials that are named.
    pub(super) logins: Vec<Login>,
}

/// `.login FILE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Login {
    /// The statement.
    pub(super) origin: Origin,
    /// The file; empty where none is named.
    pub(super) file: String,
}

/// Reads stages.
pub(super) fn read(statements: &[&Statement], report: &mut Report) -> Steps {
    let mut steps = Steps::default();
    let mut open = None;
    for statement in statements {
        let (origin, value) = (&statement.origin, statement.value.as_str());
        match statement.word.as_str() {
            "login" => {
                steps.logins.push(Login {
                    origin: origin.clone(),
                    file: value.to_owned(),
                });
                steps.once(Stage::Login);
            }
            "authn" => {
                if !matches!(value, "" | "oauth2") {
                    report.leave(origin, "the upstream's challenge says how to authenticate");
                }
                steps.once(Stage::Authn);
            }
            "resolve" => steps.resolve(origin, types(origin, value, report), report),
            "discover" => steps.discover(origin, types(origin, value, report), report),
            "teleport" => open = steps.teleport(origin, value, report).or(open),
            // The request itself: the last stage of each route.
            "request" | "pull" | "download" | "continue" => {}
            word => report.leave(origin, reason(word)),
        }
    }
    if let Some(at) = open {
        steps.settle(at);
    }
    steps
}

/// Why the second of two stages is left.
const ONE: &str = "a stage like this stands above, and one is enough";
/// Why types are left out.
const CUT: &str = "only the first 32 types are taken";

impl Steps {
    /// Whether the same is done, whatever statements say it.
    pub(super) fn does_as(&self, other: &Self) -> bool {
        let files = |steps: &Self| {
            let logins = steps.logins.iter();
            logins.map(|login| login.file.clone()).collect::<Vec<_>>()
        };
        self.stages == other.stages && files(self) == files(other)
    }

    fn once(&mut self, stage: Stage) {
        if !self.stages.contains(&stage) {
            self.stages.push(stage);
        }
    }

    fn resolve(&mut self, origin: &Origin, accepted: Vec<String>, report: &mut Report) {
        let is_resolve = |stage: &Stage| matches!(stage, Stage::Resolve(_));
        if self.stages.iter().any(is_resolve) {
            report.leave(origin, ONE);
        } else {
            self.stages.push(Stage::Resolve(accepted));
        }
    }

    fn discover(&mut self, origin: &Origin, found: Vec<String>, report: &mut Report) {
        if found.is_empty() {
            report.leave(origin, "it names no type of artifacts");
            return;
        }
        let known = self.stages.iter_mut().find_map(|stage| match stage {
            Stage::Discover(types) => Some(types),
            _ => None,
        });
        let Some(known) = known else {
            self.stages.push(Stage::Discover(found));
            return;
        };
        for new in found {
            if known.contains(&new) {
                continue;
            }
            if known.len() == MOST_VALUES {
                report.leave(origin, CUT);
                return;
            }
            known.push(new);
        }
    }

    /// Adds the stage; returns its index when it names no format.
    fn teleport(&mut self, origin: &Origin, value: &str, report: &mut Report) -> Option<usize> {
        let is_teleport = |stage: &Stage| matches!(stage, Stage::Teleport(_));
        let format = match value {
            _ if self.stages.iter().any(is_teleport) => Err(ONE),
            "" | "overlaybd" => Ok(Format::Overlaybd),
            "nydus" => Ok(Format::Nydus),
            "manual" => Err(reason("from")),
            _ => Err("the format is unknown"),
        };
        match format {
            Ok(format) => self.stages.push(Stage::Teleport(format)),
            Err(reason) => {
                report.leave(origin, reason);
                return None;
            }
        }
        value.is_empty().then(|| self.stages.len() - 1)
    }

    /// Settles the format of a teleport that names none, by what is looked for. overlaybd was the
    /// original's own choice.
    fn settle(&mut self, at: usize) {
        let has = |part: &str| {
            self.stages.iter().any(|stage| match stage {
                Stage::Discover(types) => types.iter().any(|name| name.contains(part)),
                _ => false,
            })
        };
        let format = if has("azure.artifact.streaming") || has("dadi.image") {
            Format::Acr
        } else if has("nydus") {
            Format::Nydus
        } else {
            Format::Overlaybd
        };
        self.stages[at] = Stage::Teleport(format);
    }
}

/// Reads media types or types of artifacts.
fn types(origin: &Origin, value: &str, report: &mut Report) -> Vec<String> {
    let (names, is_cut) = list(value);
    let mut good = Vec::new();
    for name in names {
        let is_good = name.len() <= 255 && name.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        if !is_good {
            report.leave(origin, "a type of it is no media type");
        } else if !good.iter().any(|known| known == name) {
            good.push(name.to_owned());
        }
    }
    if is_cut {
        report.leave(origin, CUT);
    }
    good
}

#[cfg(test)]
mod tests;
