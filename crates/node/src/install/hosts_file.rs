//! The text of containerd's `hosts.toml`.
//!
//! containerd asks the hosts in the order of the file, and then the server. Every version drops a file without
//! the table `host`; versions before 2.2 drop one with the capability `referrers`, so neither is written.
//! `skip_verify` is not written either: with it, a host of plain HTTP is asked with TLS first.

use std::fmt::Write as _;
use std::path::Path;

use toml_edit::{Array, DocumentMut, Item, Table};

use super::error::Error;
use super::origin::{MirrorUrl, Origin};
use super::toml_order::move_first;
use super::toml_text::{WHOLE, list, parse, quoted, set, shape, strings};

/// The line above a host that was added to somebody's file. The next installation replaces such hosts.
const ADDED: &str = "# The Lazaret mirror.";
const CAPABILITIES: [&str; 2] = ["pull", "resolve"];

/// What a file says.
#[derive(Debug)]
pub(super) struct Hosts<'a> {
    pub(super) mirror: &'a MirrorUrl,
    /// Where to fall back to; none for the server that containerd knows.
    pub(super) server: Option<&'a Origin>,
    pub(super) fallback: bool,
    pub(super) beside: Beside,
}

/// Certificates for the server that stand beside a `hosts.toml` as files. Engines read them by their names as
/// long as there is no `hosts.toml`, so a new one names them.
#[derive(Debug, Default)]
pub(super) struct Beside {
    /// Files `*.crt`.
    pub(super) authorities: Vec<String>,
    /// Files `*.cert`, each with its `*.key`.
    pub(super) pairs: Vec<(String, String)>,
}

/// A text, and what the user should know of it.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) text: String,
    pub(super) notice: Option<String>,
}

impl Hosts<'_> {
    /// The text of the file where `before` is now. `path` is for messages.
    pub(super) fn text(&self, path: &Path, before: Option<&str>) -> Result<Outcome, Error> {
        let theirs = before.filter(|text| !text.starts_with(WHOLE) && !text.trim().is_empty());
        match theirs {
            None => Ok(Outcome {
                text: self.whole(),
                notice: None,
            }),
            // Hosts, headers and certificates of a file of theirs are for other servers than the mirror.
            Some(_) if !self.fallback => Ok(Outcome {
                text: self.whole(),
                notice: Some(format!(
                    "'{}' named other servers: its text is put aside until the mirror is uninstalled",
                    path.display()
                )),
            }),
            Some(text) => self.added(path, text),
        }
    }

    fn whole(&self) -> String {
        let mut text = format!("{WHOLE}\n");
        let mirror = self.mirror.origin().to_string();
        let mut line = |key: &str, value: String| {
            writeln!(text, "{key} = {value}").expect("a String takes all text");
        };
        if self.fallback {
            if let Some(server) = self.server {
                line("server", quoted(&server.to_string()));
            }
            let Beside { authorities, pairs } = &self.beside;
            if !authorities.is_empty() {
                line("ca", list(authorities.iter().map(String::as_str)));
            }
            if !pairs.is_empty() {
                let pairs = pairs.iter().map(|(certificate, key)| {
                    [certificate.as_str(), key].into_iter().collect::<Array>()
                });
                line("client", pairs.collect::<Array>().to_string());
            }
        } else {
            // The last server that is asked. Without this it would be the registry itself.
            line("server", quoted(&mirror));
            line("capabilities", list(CAPABILITIES));
            if let Some(path) = self.mirror.certificates_text() {
                line("ca", quoted(path));
            }
        }
        text.push_str(&self.host(&mirror));
        text
    }

    /// The mirror as a host. containerd 1.x reads no `]` in the name of a section, so an IPv6 address is a key.
    fn host(&self, mirror: &str) -> String {
        let mut keys = vec![format!("capabilities = {}", list(CAPABILITIES))];
        let file = self.mirror.certificates_text();
        keys.extend(file.map(|path| format!("ca = {}", quoted(path))));
        let name = quoted(mirror);
        match self.mirror.origin().is_ipv6() {
            true => format!("\n[host]\n{name} = {{ {} }}\n", keys.join(", ")),
            false => format!("\n[host.{name}]\n{}\n", keys.join("\n")),
        }
    }

    /// Adds the mirror in front of the hosts of a file of theirs.
    fn added(&self, path: &Path, text: &str) -> Result<Outcome, Error> {
        let mut document = parse(path, text)?;
        let mirror = self.mirror.origin().to_string();
        if self.is_first(path, &document)? {
            let text = text.to_owned();
            return Ok(Outcome { text, notice: None });
        }
        if self.mirror.origin().is_ipv6() {
            return Err(Error::Merge {
                path: path.to_owned(),
                reason: "an IPv6 address cannot be a section of its own",
                add: self.host(&mirror),
            });
        }
        let notice = self.server(path, &mut document)?;
        let hosts = hosts(path, &mut document)?;
        let mut ours = match hosts.remove(&mirror) {
            Some(Item::Table(table)) => table,
            Some(_) => return Err(shape(path, &["host", &mirror], "section")),
            None => Table::new(),
        };
        hosts.retain(|_, host| !is_added(host));
        self.fill(&mut ours);
        ours.decor_mut().set_prefix(format!("\n{ADDED}\n"));
        hosts.insert(&mirror, Item::Table(ours));
        move_first(&mut document, "host", &mirror);
        let text = document.to_string();
        // A file may have its hosts in forms that no section can be put in front of.
        match self.is_first(path, &parse(path, &text)?)? {
            true => Ok(Outcome { text, notice }),
            false => Err(shape(path, &["host"], "section for each host")),
        }
    }

    /// Whether the first host is the mirror, as it has to be.
    fn is_first(&self, path: &Path, document: &DocumentMut) -> Result<bool, Error> {
        let Some(Item::Table(hosts)) = document.get("host") else {
            return Ok(false);
        };
        let mirror = self.mirror.origin().to_string();
        let Some((name, host)) = hosts.iter().next().filter(|(name, _)| *name == mirror) else {
            return Ok(false);
        };
        let keys = ["host", name, "capabilities"];
        let capabilities = strings(host.get("capabilities"), path, &keys)?;
        let others = hosts.iter().skip(1).any(|(_, host)| is_added(host));
        Ok(!others
            && CAPABILITIES
                .iter()
                .all(|wanted| capabilities.iter().any(|given| given == wanted))
            && host.get("ca").and_then(Item::as_str) == self.mirror.certificates_text())
    }

    /// Names the server unless the file does.
    fn server(&self, path: &Path, document: &mut DocumentMut) -> Result<Option<String>, Error> {
        let Some(server) = self.server.map(Origin::to_string) else {
            return Ok(None);
        };
        match document.get("server") {
            None => set(document.as_table_mut(), "server", server),
            Some(item) => {
                let given = item
                    .as_str()
                    .ok_or_else(|| shape(path, &["server"], "string"))?;
                if given.trim_end_matches('/') != server {
                    let path = path.display();
                    return Ok(Some(format!(
                        "'{path}' names a server of its own, which stays"
                    )));
                }
            }
        }
        Ok(None)
    }

    fn fill(&self, host: &mut Table) {
        set(
            host,
            "capabilities",
            CAPABILITIES.into_iter().collect::<Array>(),
        );
        match self.mirror.certificates_text() {
            Some(path) => set(host, "ca", path),
            None => _ = host.remove("ca"),
        }
    }
}

fn hosts<'a>(path: &Path, document: &'a mut DocumentMut) -> Result<&'a mut Table, Error> {
    let hosts = document.entry("host").or_insert_with(|| {
        let mut hosts = Table::new();
        hosts.set_implicit(true);
        Item::Table(hosts)
    });
    let hosts = hosts.as_table_mut();
    hosts.ok_or_else(|| shape(path, &["host"], "section for each host"))
}

fn is_added(host: &Item) -> bool {
    let prefix = host
        .as_table()
        .and_then(|table| table.decor().prefix()?.as_str());
    prefix.is_some_and(|prefix| prefix.contains(ADDED))
}

#[cfg(test)]
mod tests;
