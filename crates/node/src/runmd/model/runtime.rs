//! Reads what the original does before its proxy starts: credentials and hosts files.

use crate::runmd::attributes::Statement;
use crate::runmd::imported::HostsAddress;
use crate::runmd::left::Report;
use crate::runmd::namespace::is_host;
use crate::runmd::origin::Origin;
use crate::runmd::words::{list, reason};

/// Most registries that one configuration names.
const MOST_MIRRORS: usize = 16;

/// What is done before the proxy starts.
#[derive(Debug, Default)]
pub(in crate::runmd) struct Runtime {
    /// Access tokens of Azure container registries.
    pub(in crate::runmd) tokens: Vec<Token>,
    /// Hosts files.
    pub(in crate::runmd) mirrors: Vec<Mirror>,
}

/// `.login-acr NAME`.
#[derive(Debug)]
pub(in crate::runmd) struct Token {
    /// The statement.
    pub(in crate::runmd) origin: Origin,
    /// The registry's name, without its domain.
    pub(in crate::runmd) registry: String,
    /// The statement and the domain of `.host` below.
    pub(in crate::runmd) domain: Option<(Origin, String)>,
}

/// `.mirror HOST` and what stands below it.
#[derive(Debug)]
pub(in crate::runmd) struct Mirror {
    /// The statement.
    pub(in crate::runmd) origin: Origin,
    /// The registry; `None` where the folder names it.
    pub(in crate::runmd) namespace: Option<String>,
    /// The mirrors of the registry.
    pub(in crate::runmd) addresses: Vec<HostsAddress>,
    /// The address when no mirror answers.
    pub(in crate::runmd) server: Option<String>,
    /// The path of a certificate.
    pub(in crate::runmd) ca: Option<String>,
    /// All statements of the file.
    pub(in crate::runmd) origins: Vec<Origin>,
}

/// What `.host`, `.server` and `.https` belong to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Above {
    Token,
    Mirror,
    Other,
}

impl Runtime {
    /// Reads the properties of a runtime.
    pub(in crate::runmd) fn read(&mut self, properties: &[&Statement], report: &mut Report) {
        let mut above = Above::Other;
        for property in properties {
            match (property.word.as_str(), above) {
                ("login_acr", _) => above = self.token(property, report),
                ("mirror", _) => above = self.mirror(property, report),
                ("host", Above::Token) => self.domain(property),
                ("host" | "server" | "https", Above::Mirror) => self.hosts(property, report),
                (word, _) => report.leave(&property.origin, reason(word)),
            }
        }
    }

    fn token(&mut self, property: &Statement, report: &mut Report) -> Above {
        let name = &property.value;
        let of_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if name.is_empty() || name.len() > 255 || !name.bytes().all(of_name) {
            report.leave(&property.origin, "it is no name of a registry");
            return Above::Other;
        }
        self.tokens.push(Token {
            origin: property.origin.clone(),
            registry: name.clone(),
            domain: None,
        });
        Above::Token
    }

    fn domain(&mut self, property: &Statement) {
        if let Some(token) = self.tokens.last_mut() {
            token.domain = Some((property.origin.clone(), property.value.clone()));
        }
    }

    fn mirror(&mut self, property: &Statement, report: &mut Report) -> Above {
        let name = &property.value;
        if !name.is_empty() && name != "_default" && !is_host(name) {
            report.leave(&property.origin, "it is no host of a registry");
            return Above::Other;
        }
        if self.mirrors.len() == MOST_MIRRORS {
            report.leave(&property.origin, "only the first 16 registries are taken");
            return Above::Other;
        }
        self.mirrors.push(Mirror {
            origin: property.origin.clone(),
            namespace: Some(name.clone()).filter(|name| !name.is_empty()),
            addresses: Vec::new(),
            server: None,
            ca: None,
            origins: vec![property.origin.clone()],
        });
        Above::Mirror
    }

    fn hosts(&mut self, property: &Statement, report: &mut Report) {
        let Some(mirror) = self.mirrors.last_mut() else {
            return;
        };
        let (origin, value) = (&property.origin, property.value.as_str());
        let single = match property.word.as_str() {
            "server" => &mut mirror.server,
            "https" => &mut mirror.ca,
            _ => return mirror.address(property, report),
        };
        if value.is_empty() {
            report.leave(origin, "it has no value");
        } else if single.is_some() {
            report.leave(origin, "a statement like this stands above");
        } else {
            *single = Some(value.to_owned());
            mirror.origins.push(origin.clone());
        }
    }
}

impl Token {
    /// Whether a registry is named after it, as `example.azurecr.io` after `example`.
    pub(in crate::runmd) fn is_of(&self, namespace: &str) -> bool {
        let label = namespace.split('.').next().unwrap_or_default();
        label.eq_ignore_ascii_case(&self.registry)
    }
}

impl Mirror {
    /// Reads `.host ADDRESS, CAPABILITIES`.
    fn address(&mut self, property: &Statement, report: &mut Report) {
        let (values, is_cut) = list(&property.value);
        let Some((address, named)) = values.split_first() else {
            report.leave(&property.origin, "it has no value");
            return;
        };
        let (known, unknown): (Vec<&str>, Vec<&str>) = named
            .iter()
            .partition(|name| matches!(**name, "pull" | "resolve" | "push"));
        if is_cut || !unknown.is_empty() {
            report.leave(&property.origin, "a capability of it is unknown");
        }
        self.addresses.push(HostsAddress {
            address: (*address).to_owned(),
            capabilities: known.into_iter().map(str::to_owned).collect(),
        });
        self.origins.push(property.origin.clone());
    }
}
