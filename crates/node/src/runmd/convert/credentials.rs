//! Chooses the credentials of upstreams.

use std::path::Path;

use crate::runmd::imported::{Credentials, Upstream};
use crate::runmd::left::Report;
use crate::runmd::model::Token;
use crate::runmd::origin::Origin;
use crate::runmd::steps::Login;

/// The file into which the original writes the tokens of `.login-acr`.
const TOKEN_FILE: &str = "access_token";

/// What the routes of a configuration log in with.
#[derive(Debug)]
pub(super) struct Logins<'a> {
    /// What every upstream has, unless a token is its own.
    common: Common<'a>,
    /// Logins with other files, which an upstream cannot have as well.
    others: Vec<&'a Origin>,
    /// Logins that name no file.
    unnamed: Vec<&'a Origin>,
}

#[derive(Debug)]
enum Common<'a> {
    /// No route logs in, or none says with what.
    Nothing,
    /// The file of tokens, which `.login-acr` writes.
    Tokens(&'a [Token]),
    /// A file.
    File { path: String, origin: &'a Origin },
}

impl<'a> Logins<'a> {
    /// Takes the first file that a route logs in with.
    pub(super) fn of(tokens: &'a [Token], logins: &'a [Login], folder: Option<&str>) -> Self {
        let is_of_token = |file: &str| !tokens.is_empty() && matches!(file, "" | TOKEN_FILE);
        let name = |file: &'a str| if is_of_token(file) { TOKEN_FILE } else { file };
        let (named, unnamed): (Vec<_>, Vec<_>) = logins
            .iter()
            .map(|login| (&login.origin, name(&login.file)))
            .partition(|(_, file)| !file.is_empty());
        let unnamed = unnamed.into_iter().map(|(origin, _)| origin).collect();
        let Some((origin, first)) = named.first().copied() else {
            return Self {
                common: Common::Nothing,
                others: Vec::new(),
                unnamed,
            };
        };
        let others = named
            .into_iter()
            .filter(|(_, file)| *file != first)
            .map(|(origin, _)| origin)
            .collect();
        let common = if is_of_token(first) {
            Common::Tokens(tokens)
        } else {
            let path = match folder {
                Some(folder) => Path::new(folder).join(first).display().to_string(),
                None => first.to_owned(),
            };
            Common::File { path, origin }
        };
        Self {
            common,
            others,
            unnamed,
        }
    }

    /// The credentials of an upstream. A token goes to the registry that it is named after. A single
    /// token also goes to the only upstream, which may have a domain of its own.
    pub(super) fn choose(&self, namespace: &str, is_only: bool) -> Option<(Credentials, Origin)> {
        match &self.common {
            Common::Nothing => None,
            Common::File { path, origin } => {
                Some((Credentials::LoginFile(path.clone()), (*origin).clone()))
            }
            Common::Tokens(tokens) => {
                let single = match tokens {
                    [single] if is_only => Some(single),
                    _ => None,
                };
                let mut tokens = tokens.iter();
                let mine = tokens.find(|token| token.is_of(namespace)).or(single)?;
                let registry = mine.registry.clone();
                Some((Credentials::Acr { registry }, mine.origin.clone()))
            }
        }
    }

    /// Reports what is not as it was.
    pub(super) fn report(&self, tokens: &[Token], upstreams: &[Upstream], report: &mut Report) {
        for other in &self.others {
            let reason = "an upstream has one file of credentials, and another is named before";
            report.leave(other, reason);
        }
        for login in &self.unnamed {
            let reason = "it names no file: credentials are taken from the keychain";
            report.leave(login, reason);
        }
        if matches!(self.common, Common::Tokens(_)) {
            let without = upstreams.iter().filter(|one| one.credentials.is_none());
            for origin in without.filter_map(|one| one.origin.as_ref()) {
                let reason = "no token is of its name: credentials are taken from the keychain";
                report.leave(origin, reason);
            }
        }
        for token in tokens {
            report_token(token, upstreams, report);
        }
    }
}

/// Reports a token that no upstream has, and a domain that is not that of its upstream.
fn report_token(token: &Token, upstreams: &[Upstream], report: &mut Report) {
    let uses = |upstream: &&Upstream| {
        let credentials = upstream.credentials.as_ref();
        credentials.is_some_and(|(_, origin)| *origin == token.origin)
    };
    let upstream = upstreams.iter().find(uses);
    if upstream.is_none() {
        let reason = "no upstream of this name logs in with the token";
        report.leave(&token.origin, reason);
    }
    if let Some((origin, domain)) = &token.domain {
        let host = format!("{}.{domain}", token.registry);
        if upstream.is_none_or(|upstream| upstream.namespace != host) {
            report.leave(origin, "a token is exchanged with its upstream itself");
        }
    }
}
