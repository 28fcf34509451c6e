//! Opens the store that the document names.

use std::sync::Arc;

use lazaret_client::{Anonymous, Client, Credential, Options};
use lazaret_values::Secret;
use lazaret_variants::{BackendSettings, Document, RegistryAuth, Transport};

use super::backend::{Backend, FileSystem, HostedApi, Http, Login, OciRegistry, PlainHosts};
use super::item::Item;
use crate::home::client_options;
use crate::variants_error::VariantsError;
use crate::{Error, Home};

/// Gives the values of environment variables that a document names. This crate never reads the
/// environment.
pub type Variables<'a> = &'a (dyn Fn(&str) -> Option<Secret> + Sync);

/// Opens the store with these settings. Nothing is sent yet.
pub(super) async fn open(
    home: &Home,
    document: &Document,
    item: &Item,
    settings: &BackendSettings,
    variables: Variables<'_>,
) -> Result<Box<dyn Backend>, Error> {
    Ok(match settings {
        BackendSettings::FileSystem { root } => Box::new(FileSystem { root: root.clone() }),
        BackendSettings::OciRegistry { transport, auth } => Box::new(OciRegistry {
            client: registry(home, item, *transport, auth, variables)?,
        }),
        BackendSettings::HostedApi {
            endpoint,
            control_plane,
        } => {
            let plane = document.control_planes.get(control_plane);
            let plane = plane.cloned().ok_or_else(|| VariantsError::Protocol {
                control_plane: control_plane.clone(),
                reason: format!("the document has none at {endpoint}"),
            })?;
            let plain = PlainHosts {
                hosts: home.settings.plain_http.clone(),
                all: home.settings.plain_http_all,
            };
            plain.check(&plane.endpoint)?;
            let purpose = || format!("the token of control plane '{control_plane}'");
            let token = variable(variables, &plane.token_variable, purpose)?;
            Box::new(HostedApi {
                login: Login::new(&plane, &token)?,
                http: Http::new(home.settings.ca_files.clone()).await?,
                plane,
            })
        }
    })
}

/// A client for the registry of the reference, with the document's login alone.
fn registry(
    home: &Home,
    item: &Item,
    transport: Transport,
    auth: &RegistryAuth,
    variables: Variables<'_>,
) -> Result<Client, Error> {
    let registry = item.reference().oci(item.selector)?.registry;
    let mut options: Options = client_options(&home.settings);
    match transport {
        Transport::PlainHttp => options.plain_http.push(registry.to_string()),
        Transport::Https => options.tls.push(registry.to_string()),
    }
    Ok(match auth {
        RegistryAuth::Anonymous => Client::new(options, Arc::new(Anonymous))?,
        RegistryAuth::BasicEnv {
            username_variable,
            password_variable,
        } => {
            let purpose = || format!("the login at {registry}");
            let username = variable(variables, username_variable, purpose)?;
            let password = variable(variables, password_variable, purpose)?;
            let credential = Credential::Basic {
                username: username.reveal().to_owned(),
                password,
            };
            Client::with_credential(options, &registry, credential)?
        }
    })
}

fn variable(
    variables: Variables<'_>,
    name: &str,
    purpose: impl Fn() -> String,
) -> Result<Secret, Error> {
    variables(name).ok_or_else(|| {
        VariantsError::Variable {
            name: name.to_owned(),
            purpose: purpose(),
        }
        .into()
    })
}
