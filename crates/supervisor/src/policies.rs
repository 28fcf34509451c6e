//! Policy files: which one a project has, what it says, changes of it, and policies of other tools.

#[cfg(test)]
mod tests;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use lazaret_artifacts::{
    PolicyFile, add_rule, new_policy, parse_source, remove_rules, replace_rule,
};
use lazaret_egress::AskRecord;
use lazaret_files::NewFile;
use lazaret_policy::{
    Decision, Host, ImportError, Imported, Policy, Request, Rule, Target, Tool, Verdict, import,
};

use crate::bounded::read_bounded;
use crate::{Error, NetworkError};

/// The names of a project's policy file, the first of which is the one that is made.
const NAMES: [&str; 2] = ["lazaret-policy.yaml", "lns-policy.yaml"];

/// The policy file of the project that a folder belongs to: of the folder itself or of the nearest
/// one above that has one.
#[must_use]
pub fn find_policy(folder: &Path) -> Option<PathBuf> {
    let files = |folder: &Path| NAMES.map(|name| folder.join(name));
    let mut files = folder.ancestors().flat_map(files);
    files.find(|file| file.is_file())
}

/// The name of a project's policy file, for a project without one.
#[must_use]
pub fn new_policy_name() -> &'static Path {
    Path::new(NAMES[0])
}

/// Adds a rule to a policy file, which is made if it is not there.
///
/// # Errors
/// Those of the file, before and after; nothing is changed then.
pub fn add_policy_rule(path: &Path, rule: &Rule) -> Result<(), Error> {
    let text = match path.exists() {
        true => add_rule(&read(path)?, rule)?,
        false => {
            let text = new_policy(rule);
            PolicyFile::read("policy", &parse_source(&text)?)?;
            text
        }
    };
    write(path, &text)
}

/// A policy file before and after a change.
#[derive(Debug, Clone)]
pub struct PolicyChange {
    /// The file.
    pub path: PathBuf,
    /// The rule that it has got.
    pub rule: Rule,
    /// Its text before; empty for a file that was made.
    pub before: String,
    /// Its text now.
    pub after: String,
}

/// Writes a person's answer to a request into a policy file, which is made if it is not there: a rule
/// for the host and the port. A rule that asks about exactly that place gets the verdict instead.
///
/// # Errors
/// [`NetworkError::NotSettled`] where the file would decide otherwise all the same; those of the file.
/// Nothing is changed then.
pub fn settle_in_policy(
    path: &Path,
    asked: &AskRecord,
    verdict: Verdict,
) -> Result<PolicyChange, Error> {
    let rule = asked.rule_for_place(verdict);
    let before = match path.exists() {
        true => read(path)?,
        false => String::new(),
    };
    let after = match before.is_empty() {
        true => new_policy(&rule),
        false => add_rule(&before, &rule)?,
    };
    let settles = |text: &str| Ok::<_, Error>(decision(text, asked)?.verdict == verdict);
    let after = match settles(&after)? {
        true => after,
        false => {
            let decided = decision(&before, asked)?.rule;
            let number = place_rule(&before, asked, &decided.0)?;
            let replaced = number.map(|number| replace_rule(&before, number, &rule));
            let replaced = replaced.transpose()?;
            let replaced = replaced.filter(|text| settles(text).unwrap_or(false));
            replaced.ok_or_else(|| NetworkError::NotSettled {
                rule: decided.0,
                path: path.to_owned(),
            })?
        }
    };
    write(path, &after)?;
    Ok(PolicyChange {
        path: path.to_owned(),
        rule,
        before,
        after,
    })
}

/// What a policy file says alone of a request.
fn decision(text: &str, asked: &AskRecord) -> Result<Decision, Error> {
    let file = PolicyFile::read("policy", &parse_source(text)?)?;
    let policy = Policy::compile(file.documents().to_vec());
    let target = Target {
        host: Host::Name(&asked.host),
        port: asked.port,
    };
    let request = Request {
        method: asked.method.as_deref().unwrap_or_default(),
        path: asked.path.as_deref().unwrap_or_default(),
    };
    Ok(policy.request(&target, &request))
}

/// The number of a rule with this id, if it is about exactly the place that was asked about and nothing else.
fn place_rule(text: &str, asked: &AskRecord, id: &str) -> Result<Option<usize>, Error> {
    let file = PolicyFile::read("policy", &parse_source(text)?)?;
    let [document] = file.documents() else {
        return Ok(None);
    };
    let number = id
        .rsplit_once('#')
        .and_then(|(_, number)| number.parse().ok());
    let wanted = asked.rule_for_place(Verdict::Ask);
    Ok(number.filter(|number: &usize| {
        let rule = number
            .checked_sub(1)
            .and_then(|index| document.rules.get(index));
        rule.is_some_and(|rule| {
            rule.pattern.eq_ignore_ascii_case(&wanted.pattern)
                && rule.ports == wanted.ports
                && rule.methods.is_empty()
                && rule.paths.is_empty()
        })
    }))
}

/// Removes the rules about a host from a policy file; returns how many they were.
///
/// # Errors
/// Those of the file; nothing is changed then.
pub fn remove_policy_rules(path: &Path, pattern: &str) -> Result<usize, Error> {
    let (text, count) = remove_rules(&read(path)?, pattern)?;
    if count > 0 {
        write(path, &text)?;
    }
    Ok(count)
}

/// Reads the policy of another tool; which one, the file tells unless it is given.
///
/// # Errors
/// Those of the file; [`Error::Source`] for a policy that is not understood.
pub fn import_policy(path: &Path, tool: Option<Tool>) -> Result<Imported, Error> {
    let policy = parse_source(&read(path)?)?;
    import(tool, &policy).map_err(|error: ImportError| Error::Source {
        path: path.to_owned(),
        reason: error.to_string(),
    })
}

/// Writes a policy file. A link is not followed: a machine that can write to the project's folder would
/// choose which file is changed.
fn write(path: &Path, text: &str) -> Result<(), Error> {
    let new = NewFile::here(path)?;
    let written = new.file()?.write_all(text.as_bytes());
    written.map_err(Error::io("write", path))?;
    Ok(new.publish()?)
}

fn read(path: &Path) -> Result<String, Error> {
    let bytes = read_bounded(path, lazaret_artifacts::MAX_CONFIG_BYTES)?;
    String::from_utf8(bytes).map_err(|_| Error::Source {
        path: path.to_owned(),
        reason: "it is no text in UTF-8".to_owned(),
    })
}
