//! The gate between route and verb: who is it, and may they.
//!
//! ```text
//! head, peer -> origin (address, base URL) -> credential -> authenticator -> Identity
//! Identity x Action x Repository -> token scope and policy -> go on, 401, 403
//! ```
//! A gate does not change. When settings change, its owner makes the next one from it
//! ([`Gate::reopen`]): failed logins, requests under way and keys of issuers are kept.

mod access;
mod login;
mod origin;
mod token;

pub use origin::TOKEN_PATH;
pub use token::FORM_BYTES;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use lazaret_content::{ApiKeys, Clock, SystemClock};

use super::api_keys::Lookup;
use super::error::Error;
use super::htpasswd::Passwords;
use super::jwt::since_epoch;
use super::limits::{Failures, Places, Rate, RequestLimits};
use super::network::Network;
use super::oidc::Provider;
use super::policy::{Policy, Rule};
use super::settings::{Certificates, Settings};
use super::tokens::Tokens;

/// Clients whose rate is remembered.
const CLIENTS: usize = 64 * 1024;

/// Decides on requests. Cheap to share, and made anew when settings change.
pub struct Gate {
    /// `https://host[:port]` of the settings.
    base: Option<Arc<str>>,
    proxies: Vec<Network>,
    basic: bool,
    realm: String,
    authenticates: bool,
    policy: Policy,
    limits: RequestLimits,
    passwords: Option<Passwords>,
    tokens: Option<Tokens>,
    issuers: Vec<Arc<Provider>>,
    certificates: Option<Certificates>,
    keys: Option<Lookup>,
    state: Arc<State>,
    context: Context,
}

/// What a gate needs beside settings.
#[derive(Clone)]
pub struct Context {
    /// Where API keys are kept.
    pub keys: Option<Arc<dyn ApiKeys>>,
    /// Where the registry keeps its own files.
    pub folder: Option<PathBuf>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

impl Default for Context {
    /// No keys, no folder, the system's time.
    fn default() -> Self {
        Self {
            keys: None,
            folder: None,
            clock: Arc::new(SystemClock),
        }
    }
}

/// What outlives settings.
struct State {
    failures: Mutex<Failures>,
    rate: Mutex<Option<(RequestLimits, Rate<String>)>>,
    places: Arc<Places>,
}

impl Gate {
    /// A gate that lets everybody do everything, for development and tests.
    #[must_use]
    pub fn open_to_all() -> Self {
        Self::build(
            &Settings::default(),
            None,
            RequestLimits::default(),
            Context::default(),
            None,
        )
        .expect("settings that name nothing read no file and hold no wrong value")
    }

    /// A gate by settings; `rules` of `None` are those of a registry without any rule. Reads
    /// files: not for async threads.
    ///
    /// # Errors
    /// [`Error`] when a file cannot be used or a value is wrong.
    pub fn open(
        settings: &Settings,
        rules: Option<Vec<Rule>>,
        limits: RequestLimits,
        context: Context,
    ) -> Result<Self, Error> {
        Self::build(settings, rules, limits, context, None)
    }

    /// The gate by other settings that takes over what this one remembers.
    ///
    /// # Errors
    /// As [`Gate::open`]; this gate stays as it is.
    pub fn reopen(
        &self,
        settings: &Settings,
        rules: Option<Vec<Rule>>,
        limits: RequestLimits,
    ) -> Result<Self, Error> {
        Self::build(settings, rules, limits, self.context.clone(), Some(self))
    }

    fn build(
        settings: &Settings,
        rules: Option<Vec<Rule>>,
        limits: RequestLimits,
        context: Context,
        before: Option<&Self>,
    ) -> Result<Self, Error> {
        let base = settings
            .external_url
            .as_deref()
            .map(origin::base)
            .transpose()?;
        let host = base.as_deref().and_then(|base| base.split_once("://"));
        let tokens = settings.tokens.as_ref().map(|tokens| {
            let host = host.map(|(_, host)| host);
            Tokens::open(tokens, host, context.folder.as_deref())
        });
        let passwords = settings.htpasswd.as_ref();
        let authenticates = settings.authenticates();
        let keys = match (&context.keys, settings.api_keys) {
            (Some(store), true) => Some(Lookup::new(Arc::clone(store))),
            (None, true) => {
                return Err(Error::Setting {
                    setting: "auth.api_keys".to_owned(),
                    reason: "there is no place where keys are kept".to_owned(),
                });
            }
            (_, false) => None,
        };
        origin::check_realm(&settings.realm)?;
        Ok(Self {
            proxies: settings.trusted_proxies.clone(),
            basic: settings.basic,
            realm: settings.realm.clone(),
            authenticates,
            policy: Policy::new(rules, settings.groups.clone(), authenticates),
            limits,
            passwords: passwords.map(|p| Passwords::open(&p.file)).transpose()?,
            tokens: tokens.transpose()?,
            issuers: issuers(settings, before)?,
            certificates: settings.certificates.clone(),
            keys,
            state: before.map_or_else(|| Arc::new(State::new()), |gate| Arc::clone(&gate.state)),
            base,
            context,
        })
    }

    /// Whether everybody may do everything.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.policy.is_open()
    }

    /// Whether there is a token service, at `/auth/token`.
    #[must_use]
    pub fn has_tokens(&self) -> bool {
        self.tokens.is_some()
    }

    fn now(&self) -> SystemTime {
        self.context.clock.now()
    }

    fn time(&self) -> Duration {
        since_epoch(self.now())
    }
}

impl State {
    fn new() -> Self {
        Self {
            failures: Mutex::new(Failures::new()),
            rate: Mutex::new(None),
            places: Arc::default(),
        }
    }
}

/// The issuers of the settings. One whose settings did not change keeps its keys.
fn issuers(settings: &Settings, before: Option<&Gate>) -> Result<Vec<Arc<Provider>>, Error> {
    let known = |wanted: &_| {
        let issuers = before.map(|gate| &gate.issuers)?;
        let same = issuers.iter().find(|issuer| issuer.settings() == wanted)?;
        Some(Arc::clone(same))
    };
    let all = settings.oidc.iter().enumerate();
    all.map(|(position, issuer)| match known(issuer) {
        Some(provider) => Ok(provider),
        None => Provider::new(issuer.clone(), position).map(Arc::new),
    })
    .collect()
}
