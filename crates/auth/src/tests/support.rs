//! A gate with users and a clock that tests set.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use http::Request;
use http::request::Parts;
use lazaret_content::{ApiKey, ApiKeys, BoxFuture, Clock};
use lazaret_oci::Repository;
use tempfile::TempDir;

use crate::settings::Htpasswd;
use crate::{
    Action, Context, Denied, Gate, Grant, Identity, Peer, RequestLimits, Rule, Settings, Tokens,
};

pub(super) struct HandClock(Mutex<SystemTime>);

impl HandClock {
    pub(super) fn advance(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for HandClock {
    fn now(&self) -> SystemTime {
        *self.0.lock().unwrap()
    }
}

#[derive(Default)]
pub(super) struct MemoryKeys {
    keys: Mutex<BTreeMap<String, ApiKey>>,
    pub(super) broken: Mutex<bool>,
}

impl ApiKeys for MemoryKeys {
    fn put_key<'a>(&'a self, key: &'a ApiKey) -> BoxFuture<'a, Result<(), lazaret_content::Error>> {
        self.keys
            .lock()
            .unwrap()
            .insert(key.id.clone(), key.clone());
        Box::pin(async { Ok(()) })
    }

    fn key<'a>(
        &'a self,
        id: &'a str,
    ) -> BoxFuture<'a, Result<Option<ApiKey>, lazaret_content::Error>> {
        let key = self.keys.lock().unwrap().get(id).cloned();
        let broken = *self.broken.lock().unwrap();
        Box::pin(async move {
            match broken {
                true => Err(lazaret_content::Error::Stopped),
                false => Ok(key),
            }
        })
    }

    fn keys(&self) -> BoxFuture<'_, Result<Vec<ApiKey>, lazaret_content::Error>> {
        let keys = self.keys.lock().unwrap().values().cloned().collect();
        Box::pin(async { Ok(keys) })
    }

    fn delete_key<'a>(
        &'a self,
        id: &'a str,
    ) -> BoxFuture<'a, Result<bool, lazaret_content::Error>> {
        let removed = self.keys.lock().unwrap().remove(id).is_some();
        Box::pin(async move { Ok(removed) })
    }
}

/// A gate with its surroundings.
pub(super) struct World {
    pub(super) gate: Gate,
    pub(super) clock: Arc<HandClock>,
    pub(super) keys: Arc<MemoryKeys>,
    pub(super) folder: TempDir,
}

/// Settings with the users `alice` and `bob`, whose passwords are their names followed by `-pw`.
pub(super) fn settings(folder: &Path) -> Settings {
    let file = folder.join("htpasswd");
    let lines: String = ["alice", "bob"]
        .iter()
        .map(|user| {
            format!(
                "{user}:{}\n",
                bcrypt::hash(format!("{user}-pw"), 4).unwrap()
            )
        })
        .collect();
    std::fs::write(&file, lines).unwrap();
    Settings {
        htpasswd: Some(Htpasswd { file }),
        api_keys: true,
        ..Settings::default()
    }
}

/// Everybody pulls from `public`, users have their own folder, bob may list and deletes nothing.
pub(super) fn rules() -> Vec<Rule> {
    let text = r#"
        [[rules]]
        repositories = ["public/**"]
        subjects = ["everyone"]
        actions = ["pull"]
        [[rules]]
        repositories = ["${user}/**"]
        subjects = ["authenticated"]
        actions = ["pull", "push", "delete"]
        [[rules]]
        subjects = ["user:bob"]
        actions = ["delete"]
        effect = "deny"
        [[rules]]
        subjects = ["user:bob"]
        actions = ["list"]
    "#;
    #[derive(serde::Deserialize)]
    struct File {
        rules: Vec<Rule>,
    }
    toml::from_str::<File>(text).unwrap().rules
}

pub(super) fn world(change: impl FnOnce(&mut Settings), limits: RequestLimits) -> World {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = settings(folder.path());
    change(&mut settings);
    let clock = Arc::new(HandClock(Mutex::new(SystemTime::now())));
    let keys = Arc::new(MemoryKeys::default());
    let context = Context {
        keys: Some(Arc::clone(&keys) as Arc<dyn ApiKeys>),
        folder: Some(folder.path().to_owned()),
        clock: Arc::clone(&clock) as Arc<dyn Clock>,
    };
    let gate = Gate::open(&settings, Some(rules()), limits, context);
    World {
        gate: gate.unwrap_or_else(|error| panic!("{error:?}")),
        clock,
        keys,
        folder,
    }
}

/// A gate with a token service.
pub(super) fn with_tokens() -> World {
    world(
        |settings| settings.tokens = Some(Tokens::default()),
        RequestLimits::default(),
    )
}

impl World {
    pub(super) async fn identify(&self, authorization: Option<&str>) -> Result<Identity, Denied> {
        let head = head("GET", "/v2/", authorization);
        self.gate.identify(&head, &peer(1)).await
    }

    pub(super) async fn token(
        &self,
        query: &str,
        authorization: Option<&str>,
    ) -> Result<Grant, Denied> {
        let head = head("GET", &format!("/auth/token?{query}"), authorization);
        self.gate.token(&head, b"", &peer(1)).await
    }

    pub(super) async fn post(&self, form: &str) -> Result<Grant, Denied> {
        let head = head("POST", "/auth/token", None);
        self.gate.token(&head, form.as_bytes(), &peer(1)).await
    }

    pub(super) fn demand(&self, who: &Identity, action: Action, name: &str) -> Result<(), Denied> {
        self.gate.demand(who, &[(action, Some(repository(name)))])
    }
}

pub(super) fn head(method: &str, path: &str, authorization: Option<&str>) -> Parts {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "registry.example.com:5000");
    if let Some(value) = authorization {
        request = request.header("authorization", value);
    }
    request.body(()).unwrap().into_parts().0
}

pub(super) fn peer(last: u8) -> Peer {
    Peer {
        address: SocketAddr::from(([192, 0, 2, last], 40_000)),
        tls: true,
        certificate: None,
    }
}

pub(super) fn basic(user: &str, password: &str) -> String {
    let text = format!("{user}:{password}");
    let text = base64::engine::general_purpose::STANDARD.encode(text);
    format!("Basic {text}")
}

pub(super) fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

pub(super) fn repository(name: &str) -> Repository {
    name.parse().unwrap()
}

/// The status and the challenge of a refusal.
#[track_caller]
pub(super) fn refused<T>(outcome: Result<T, Denied>) -> (u16, String) {
    match outcome {
        Ok(_) => panic!("it was not refused"),
        Err(denied) => {
            let headers = denied.headers();
            let value = headers
                .first()
                .map(|(_, value)| value.to_str().unwrap().to_owned());
            (denied.status().as_u16(), value.unwrap_or_default())
        }
    }
}

/// The secret part of an API key; it may contain `_` itself.
pub(super) fn secret_of(key: &str) -> &str {
    key.splitn(3, '_').nth(2).unwrap()
}
