//! Reads the `spec` of an agent: the command and the surroundings with which it is started.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Config, Error, Port, Volume};

/// A command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Text for `/bin/sh -c`.
    Shell(String),
    /// Program and arguments.
    Exec(Vec<String>),
}

impl Command {
    /// The command line with `args`: appended to a list, or as positional parameters (`"$@"`) of
    /// a shell command.
    #[must_use]
    pub fn argv(&self, args: &[String]) -> Vec<String> {
        let mut argv: Vec<String> = match self {
            Self::Exec(argv) => argv.clone(),
            Self::Shell(script) => {
                let mut shell = vec!["/bin/sh".to_owned(), "-c".to_owned(), script.clone()];
                if !args.is_empty() {
                    // This is `$0`; the parameters begin after it.
                    shell.push("sh".to_owned());
                }
                shell
            }
        };
        argv.extend_from_slice(args);
        argv
    }
}

/// A credential that an agent needs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Credential {
    /// Name of the credential in the credential store.
    pub name: String,
    /// The environment variable of the agent that holds the placeholder of the credential.
    pub env: String,
}

/// `spec` of an agent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AgentSpec {
    /// `image`, which may lack a host.
    pub image: String,
    /// `command`.
    pub command: Option<Command>,
    /// `args`.
    pub args: Vec<String>,
    /// `env`, as names and values.
    pub env: Vec<(String, String)>,
    /// `user`.
    pub user: Option<String>,
    /// `workingDir`.
    pub working_dir: Option<String>,
    /// `ports`.
    pub ports: Vec<Port>,
    /// `volumes`.
    pub volumes: Vec<Volume>,
    /// `credentials`.
    pub credentials: Vec<Credential>,
}

impl AgentSpec {
    /// Reads the spec of an agent from a valid configuration.
    ///
    /// # Errors
    /// [`Error::Port`] or [`Error::Volume`].
    pub fn of(config: &Config) -> Result<Self, Error> {
        let spec = config.spec();
        Ok(Self {
            image: text(&spec["image"]).unwrap_or_default(),
            command: match &spec["command"] {
                Value::String(script) => Some(Command::Shell(script.clone())),
                Value::Array(_) => Some(Command::Exec(texts(&spec["command"]))),
                _ => None,
            },
            args: texts(&spec["args"]),
            env: environment(&spec["env"]),
            user: text(&spec["user"]),
            working_dir: text(&spec["workingDir"]),
            ports: texts(&spec["ports"])
                .iter()
                .map(|port| port.parse())
                .collect::<Result<_, _>>()?,
            volumes: texts(&spec["volumes"])
                .iter()
                .map(|volume| volume.parse())
                .collect::<Result<_, _>>()?,
            credentials: credentials(&spec["credentials"]),
        })
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        // In JSON Schema, 8080.0 is an integer too.
        Value::Number(number) => Some(match number.as_f64() {
            Some(float) if number.is_f64() => format!("{float}"),
            _ => number.to_string(),
        }),
        _ => None,
    }
}

fn texts(value: &Value) -> Vec<String> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(text)
        .collect()
}

fn environment(value: &Value) -> Vec<(String, String)> {
    match value {
        Value::Object(members) => members
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), text(value)?)))
            .collect(),
        list => texts(list)
            .iter()
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
    }
}

fn credentials(value: &Value) -> Vec<Credential> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|credential| Credential::deserialize(credential).ok())
        .collect()
}
