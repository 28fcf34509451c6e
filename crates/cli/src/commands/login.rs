use std::io::{IsTerminal as _, Read, Write as _};
use std::str::FromStr;

use lazaret_client::Credential;
use lazaret_oci::Registry;
use lazaret_values::Secret;

use crate::context::Context;
use crate::failure::Failure;

/// Log in to a registry
///
/// The credentials are checked with the registry before they are stored. The password or
/// token is asked for on a terminal or read from standard input, so that it shows neither in the
/// process list nor in the shell's history.
#[derive(Debug, clap::Args)]
pub(crate) struct LoginArgs {
    /// `host[:port]`
    #[arg(value_name = "REGISTRY", value_parser = Registry::from_str)]
    registry: Registry,
    /// User name
    #[arg(short, long)]
    username: Option<String>,
    /// Read the password from standard input
    #[arg(long)]
    password_stdin: bool,
    /// Read an identity token from standard input
    #[arg(long, conflicts_with_all = ["password_stdin", "username"])]
    identity_token_stdin: bool,
}

impl LoginArgs {
    pub(crate) async fn login(self, context: &Context) -> Result<(), Failure> {
        let credential = if self.identity_token_stdin {
            Credential::IdentityToken(read_secret()?)
        } else if self.password_stdin {
            let username = self.username.clone().ok_or_else(|| {
                Failure::usage_with("a user name is missing", "add --username NAME")
            })?;
            Credential::Basic {
                username,
                password: read_secret()?,
            }
        } else if std::io::stdin().is_terminal() {
            ask(self.username)?
        } else {
            return Err(Failure::usage_with(
                "the password is missing",
                "pipe it in: lazaret login REGISTRY --username NAME --password-stdin < FILE",
            ));
        };
        context.home()?.login(&self.registry, credential).await?;
        context
            .printer
            .note(&format!("logged in to {}", self.registry));
        Ok(())
    }
}

/// Forget a registry's credentials
#[derive(Debug, clap::Args)]
pub(crate) struct LogoutArgs {
    /// `host[:port]`
    #[arg(value_name = "REGISTRY", value_parser = Registry::from_str)]
    registry: Registry,
}

impl LogoutArgs {
    pub(crate) fn logout(self, context: &Context) -> Result<(), Failure> {
        let note = if context.home()?.logout(&self.registry)? {
            format!("logged out of {}", self.registry)
        } else {
            format!("there were no credentials for {}", self.registry)
        };
        context.printer.note(&note);
        Ok(())
    }
}

/// Asks for what is missing. The password is not shown.
fn ask(username: Option<String>) -> Result<Credential, Failure> {
    let failed = |error| Failure::io("read from the terminal", error);
    let username = match username {
        Some(username) => username,
        None => {
            std::io::stderr()
                .write_all(b"User name: ")
                .map_err(failed)?;
            let mut line = String::new();
            std::io::stdin().read_line(&mut line).map_err(failed)?;
            line.trim().to_owned()
        }
    };
    let password = rpassword::prompt_password("Password: ").map_err(failed)?;
    if username.is_empty() || password.is_empty() {
        return Err(Failure::usage("user name and password must not be empty"));
    }
    Ok(Credential::Basic {
        username,
        password: Secret::new(password),
    })
}

/// Reads one secret of at most 64 KiB from standard input; the line end is cut off.
fn read_secret() -> Result<Secret, Failure> {
    let mut text = String::new();
    std::io::stdin()
        .lock()
        .take(64 * 1024)
        .read_to_string(&mut text)
        .map_err(|error| Failure::io("read the secret from standard input", error))?;
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.is_empty() {
        return Err(Failure::usage("standard input holds no secret"));
    }
    Ok(Secret::new(secret))
}
