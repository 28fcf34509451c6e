use std::time::{Duration, SystemTime};

use lazaret_content::ApiKey;
use lazaret_registry::new_key;
use lazaret_values::Period;
use serde_json::{Value, json};

use super::stores::StoresArgs;
use crate::context::Context;
use crate::failure::Failure;
use crate::printer::table;

/// API keys: passwords for programs
///
/// They count where the setting `auth.api_keys` is on, without a restart.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Make a key and print it: it is not shown again
    ///
    /// Clients use it as their password, with any user name, or as bearer token.
    Create {
        #[command(flatten)]
        stores: StoresArgs,
        /// The user that the key acts as
        user: String,
        /// What it is for
        #[arg(long, default_value = "", value_name = "TEXT")]
        description: String,
        /// How long it works, such as 90d [default: until it is removed]
        #[arg(long, value_name = "TIME")]
        expires_in: Option<Period>,
    },
    /// List the keys, without their secrets
    Ls {
        #[command(flatten)]
        stores: StoresArgs,
    },
    /// Revoke a key: within seconds it works no more
    Rm {
        #[command(flatten)]
        stores: StoresArgs,
        /// The key's id, the part between the underscores
        id: String,
    },
}

impl Command {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let now = SystemTime::now();
        match self {
            Self::Create {
                stores,
                user,
                description,
                expires_in,
            } => {
                check_user(&user)?;
                let ends = expires_in
                    .map(|period| end(now, period.duration()))
                    .transpose()?;
                let stores = stores.open(context).await?;
                let (key, text) = new_key(&user, &description, now, ends);
                stores.database.put_key(&key).await?;
                let mut value = described(&key);
                value["key"] = json!(text);
                context.printer.result(&value, |_| text.clone())?;
            }
            Self::Ls { stores } => {
                let stores = stores.open(context).await?;
                let keys = stores.database.keys().await?;
                let values: Vec<Value> = keys.iter().map(described).collect();
                context.printer.result(&values, |_| listing(&keys, now))?;
            }
            Self::Rm { stores, id } => {
                let stores = stores.open(context).await?;
                if !stores.database.delete_key(&id).await? {
                    return Err(Failure::usage_with(
                        format!("there is no key '{id}'"),
                        "`lazaret registry key ls` lists the ids",
                    ));
                }
            }
        }
        Ok(())
    }
}

fn check_user(user: &str) -> Result<(), Failure> {
    if user.is_empty() || user.len() > 255 || user.chars().any(char::is_control) {
        return Err(Failure::usage(
            "a user's name has 1 to 255 characters and no control characters",
        ));
    }
    Ok(())
}

fn end(now: SystemTime, period: Duration) -> Result<SystemTime, Failure> {
    now.checked_add(period)
        .filter(|_| !period.is_zero())
        .ok_or_else(|| Failure::usage("the key would never work, or for longer than time lasts"))
}

/// The key as JSON; times are seconds since 1970.
fn described(key: &ApiKey) -> Value {
    let seconds = |time: SystemTime| {
        let since = time.duration_since(SystemTime::UNIX_EPOCH);
        since.unwrap_or_default().as_secs()
    };
    json!({
        "id": key.id,
        "user": key.user,
        "description": key.description,
        "created": seconds(key.created),
        "expires": key.expires.map(seconds),
    })
}

fn listing(keys: &[ApiKey], now: SystemTime) -> String {
    let heading = ["ID", "USER", "EXPIRES", "DESCRIPTION"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    rows.extend(keys.iter().map(|key| {
        let expires = match key.expires.map(|ends| ends.duration_since(now)) {
            None => "never".to_owned(),
            Some(Ok(left)) => format!("in {}", Period::seconds(left.as_secs())),
            Some(Err(_)) => "expired".to_owned(),
        };
        vec![
            key.id.clone(),
            key.user.clone(),
            expires,
            key.description.clone(),
        ]
    }));
    table(&rows)
}
