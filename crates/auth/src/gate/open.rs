//! Makes a gate from settings.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use lazaret_content::{ApiKeys, Clock, SystemClock};

use super::texts;
use crate::api_keys::Lookup;
use crate::error::Error;
use crate::htpasswd::Passwords;
use crate::jwt::since_epoch;
use crate::limits::{Failures, Places, Rate, RequestLimits};
use crate::network::Network;
use crate::oidc::Provider;
use crate::policy::{Policy, Rule};
use crate::settings::{Certificates, Settings};
use crate::tokens::Tokens;

/// Identifies clients and decides on requests. It is cheap to share, and made anew when settings
/// change.
pub struct Gate {
    /// Origin (`https://host[:port]`) of the external URL in the settings.
    pub(super) base: Option<Arc<str>>,
    pub(super) proxies: Vec<Network>,
    pub(super) basic: bool,
    pub(super) realm: String,
    pub(super) authenticates: bool,
    pub(super) policy: Policy,
    pub(super) limits: RequestLimits,
    pub(super) passwords: Option<Passwords>,
    pub(super) tokens: Option<Tokens>,
    pub(super) issuers: Vec<Arc<Provider>>,
    pub(super) certificates: Option<Certificates>,
    pub(super) keys: Option<Lookup>,
    pub(super) state: Arc<State>,
    pub(super) context: Context,
}

/// The surroundings of a gate, beside its settings.
#[derive(Clone)]
pub struct Context {
    /// The store of API keys.
    pub keys: Option<Arc<dyn ApiKeys>>,
    /// The folder of the registry's own files.
    pub folder: Option<PathBuf>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

impl Default for Context {
    /// No API keys, no folder, and the system's clock.
    fn default() -> Self {
        Self {
            keys: None,
            folder: None,
            clock: Arc::new(SystemClock),
        }
    }
}

/// The state of a gate, which is kept when settings change.
pub(super) struct State {
    pub(super) failures: Mutex<Failures>,
    pub(super) rate: Mutex<Option<(RequestLimits, Rate<String>)>>,
    pub(super) places: Arc<Places>,
}

impl Gate {
    /// A gate that allows everything to everybody, for development and tests.
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

    /// Makes a gate from settings; with `rules` of `None` the default rules apply. Reads files, so
    /// it must not be called in async threads.
    ///
    /// # Errors
    /// Fails when a file cannot be used or a value is wrong.
    pub fn open(
        settings: &Settings,
        rules: Option<Vec<Rule>>,
        limits: RequestLimits,
        context: Context,
    ) -> Result<Self, Error> {
        Self::build(settings, rules, limits, context, None)
    }

    /// Makes a gate from other settings, which takes over the state of this one.
    ///
    /// # Errors
    /// Fails as [`Gate::open`] does; this gate stays as it is.
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
            .map(texts::base)
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
        texts::check_realm(&settings.realm)?;
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

    pub(super) fn now(&self) -> SystemTime {
        self.context.clock.now()
    }

    pub(super) fn time(&self) -> Duration {
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

/// The issuers of the settings. An issuer whose settings did not change keeps its keys.
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
