use std::io::{IsTerminal as _, Read as _};

use lazaret_supervisor::{Connection, Grant, NewSecret, Service, ServiceOrigin};
use lazaret_values::Secret;

use crate::context::Context;
use crate::failure::Failure;
use crate::printer::table;

/// Longest secret that is read, in bytes.
const LONGEST: u64 = 64 * 1024;

/// Give machines the use of a service, with a secret that they never see
///
/// The secret is asked for on a terminal or read from standard input. It is kept in the system's keyring
/// or in a file of yours, and sent to the hosts of the integration alone, by the host of the machine:
/// the machine itself has a placeholder. Without a name, lists what is stored; secrets are never printed.
#[derive(Debug, clap::Args)]
pub(crate) struct ConnectArgs {
    /// The integration: a built-in one, or one of an artifact that was run
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// The credential, if the integration has several
    #[arg(long, value_name = "CREDENTIAL", requires = "name")]
    credential: Option<String>,
    /// The integration's document: a file, or the reference of an artifact that was run
    #[arg(long, value_name = "FILE|REFERENCE", requires = "name")]
    integration: Option<String>,
    /// Read the secret from standard input
    #[arg(long, requires = "name")]
    secret_stdin: bool,
    /// The secret is a refresh token, for which this address gives access tokens
    #[arg(long, value_name = "URL", requires_all = ["name", "oauth_client_id"])]
    oauth_token_url: Option<String>,
    /// The client that the refresh token was given to
    #[arg(long, value_name = "ID", requires = "oauth_token_url")]
    oauth_client_id: Option<String>,
    /// The scope of access tokens [default: that of the refresh token]
    #[arg(long, value_name = "SCOPE", requires = "oauth_token_url")]
    oauth_scope: Option<String>,
    /// Never: machines do without it, and nobody is told or asked
    #[arg(long, requires = "name", conflicts_with_all = ["secret_stdin", "oauth_token_url"])]
    deny: bool,
    /// List what is stored
    #[arg(long, conflicts_with = "name")]
    list: bool,
    /// List the integrations that are built in or known from artifacts
    #[arg(long, conflicts_with_all = ["name", "list"])]
    known: bool,
}

impl ConnectArgs {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let home = context.home()?;
        if self.known {
            return Ok(context.printer.result(&home.services()?, known)?);
        }
        let Some(id) = &self.name else {
            return Ok(context
                .printer
                .result(&home.connections()?, |found| listed(found))?);
        };
        let service = home.service(id, self.integration.as_deref())?;
        let name = home.credential(&service, self.credential.as_deref())?;
        let new = match self.deny {
            true => NewSecret::Denied,
            false => {
                let secret = self.secret(&name.to_string())?;
                match (&self.oauth_token_url, &self.oauth_client_id) {
                    (Some(token_url), Some(client_id)) => {
                        let grant = Grant {
                            token_url: token_url.clone(),
                            client_id: client_id.clone(),
                            scope: self.oauth_scope.clone(),
                        };
                        NewSecret::OAuth(grant, secret)
                    }
                    _ => NewSecret::Secret(secret),
                }
            }
        };
        let stored = home.connect(&name, &service, new).await?;
        let goes_to = service
            .credentials
            .iter()
            .find(|credential| credential.name == name.credential())
            .map(lazaret_supervisor::ServiceCredential::goes_to);
        context.printer.made(&stored, &name.to_string(), |stored| {
            let hosts = stored.hosts.join(", ");
            match stored.keeper {
                None => format!("{name} is denied: machines do without it"),
                Some(keeper) => format!(
                    "{name} is kept in the {keeper}, and sent to {hosts} ({})",
                    goes_to.unwrap_or_default()
                ),
            }
        })?;
        Ok(())
    }

    fn secret(&self, name: &str) -> Result<Secret, Failure> {
        if self.secret_stdin {
            return read_secret();
        }
        if !std::io::stdin().is_terminal() {
            return Err(Failure::usage_with(
                "the secret is missing",
                "pipe it in: lazaret connect NAME --secret-stdin < FILE",
            ));
        }
        let what = match self.oauth_token_url {
            Some(_) => "Refresh token",
            None => "Secret",
        };
        let typed = rpassword::prompt_password(format!("{what} for {name}: "));
        let typed = typed.map_err(|error| Failure::io("read from the terminal", error))?;
        Ok(Secret::new(typed))
    }
}

/// Forget the secrets of an integration
///
/// Machines that run get them no more, from their next request on. What a service has given for
/// them is not taken back: do that there.
#[derive(Debug, clap::Args)]
pub(crate) struct DisconnectArgs {
    /// The integration
    #[arg(value_name = "NAME")]
    name: String,
    /// Only this credential
    #[arg(long, value_name = "CREDENTIAL")]
    credential: Option<String>,
}

impl DisconnectArgs {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let home = context.home()?;
        let removed = home
            .disconnect(&self.name, self.credential.as_deref())
            .await?;
        if removed.is_empty() {
            let what = match &self.credential {
                Some(credential) => format!("{}/{credential}", self.name),
                None => self.name,
            };
            context
                .printer
                .note(&format!("there was no secret of {what}"));
        }
        for name in removed {
            context.printer.data(&name.to_string())?;
        }
        Ok(())
    }
}

/// Reads one line of at most 64 KiB from standard input; its end is cut off.
fn read_secret() -> Result<Secret, Failure> {
    let failed = |error| Failure::io("read the secret from standard input", error);
    let mut text = String::new();
    let mut input = std::io::stdin().lock().take(LONGEST + 3);
    input.read_to_string(&mut text).map_err(failed)?;
    let text = Secret::new(text);
    let line = text.reveal();
    let line = line.strip_suffix('\n').unwrap_or(line);
    Ok(Secret::new(line.strip_suffix('\r').unwrap_or(line)))
}

fn listed(connections: &[Connection]) -> String {
    if connections.is_empty() {
        return String::new();
    }
    let heading = ["NAME", "KIND", "KEPT IN", "SINCE", "HOSTS", "MACHINES"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    rows.extend(connections.iter().map(|stored| {
        vec![
            format!("{}/{}", stored.integration, stored.credential),
            stored.kind.to_owned(),
            stored.keeper.unwrap_or("-").to_owned(),
            stored.since.get(..10).unwrap_or_default().to_owned(),
            stored.hosts.join(","),
            stored.machines.join(","),
        ]
    }));
    table(&rows)
}

fn known(services: &Vec<Service>) -> String {
    let heading = ["NAME", "HOSTS", "SENT AS", "VARIABLES", "FROM"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    for service in services {
        let hosts: Vec<String> = service.places.iter().map(ToString::to_string).collect();
        let from = match &service.origin {
            ServiceOrigin::BuiltIn => "built in",
            ServiceOrigin::Artifact(reference) => reference,
            ServiceOrigin::File(path) => path,
        };
        for credential in &service.credentials {
            rows.push(vec![
                format!("{}/{}", service.id, credential.name),
                hosts.join(","),
                credential.goes_to(),
                credential.env.join(","),
                from.to_owned(),
            ]);
        }
    }
    table(&rows)
}
