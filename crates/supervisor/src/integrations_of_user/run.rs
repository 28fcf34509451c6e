//! The services of a run: for the boundary, for the guest, and for its user.

use lazaret_artifacts::{Credential, RunSpec};
use lazaret_egress::{Endpoint, Integration, IntegrationCredential};
use lazaret_secrets::{Kept, Kind, SecretName, Store};
use lazaret_values::Chain;

use crate::integrations::{
    CredentialNotice, RunRecord, Service, ServiceCredential, ServiceOrigin as Origin, placeholder,
};
use crate::{Error, Home};

/// The services of a run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RunIntegrations {
    /// For the boundary; with placeholders, without secrets.
    pub(crate) integrations: Vec<Integration>,
    /// Variables of the guest with their placeholders.
    pub(crate) env: Vec<(String, String)>,
    /// For the user.
    pub(crate) notices: Vec<CredentialNotice>,
}

impl Home {
    /// The services that the policy of a run names, and what its agent gets of them. Documents of the
    /// run's artifacts are kept, so that secrets can be given for them. Blocks for the disk.
    ///
    /// # Errors
    /// Those of the store of secrets.
    pub(crate) fn run_integrations(&self, spec: &RunSpec) -> Result<RunIntegrations, Error> {
        let mut run = RunIntegrations {
            integrations: Vec::new(),
            env: Vec::new(),
            notices: Vec::new(),
        };
        let services = self.services_of(spec, &mut run.notices);
        if services.is_empty() && spec.credentials.is_empty() {
            return Ok(run);
        }
        let store = Store::new(&self.secret_settings()).list();
        let stored = store.map_err(crate::integration_error::IntegrationError::from)?;
        for service in &services {
            run.integrations.push(for_boundary(service));
        }
        let mut wanted = Vec::new();
        for credential in &spec.credentials {
            match owner(&services, credential) {
                Ok(name) => wanted.push((credential.env.clone(), name)),
                Err(notice) => run.notices.push(notice),
            }
        }
        for service in &services {
            wanted.extend(usual_variables(service, &stored));
        }
        for (variable, name) in &wanted {
            let is_set = spec.env.iter().any(|entry| {
                let (own, value) = entry.split_once('=').unwrap_or((entry, ""));
                own == variable && !value.is_empty()
            });
            let is_denied = find(&stored, name).is_some_and(|kept| kept.kind == Kind::Denied);
            let is_given = run.env.iter().any(|(own, _)| own == variable);
            if !is_set
                && !is_denied
                && !is_given
                && let Some(text) = run.placeholder(name)
            {
                run.env.push((variable.clone(), text));
            }
        }
        for service in &services {
            for credential in &service.credentials {
                let Ok(name) = SecretName::new(&service.id, &credential.name) else {
                    continue;
                };
                run.notices.extend(missing(service, name, &stored, &wanted));
            }
        }
        Ok(run)
    }

    /// Where secrets are.
    pub(crate) fn secret_settings(&self) -> lazaret_secrets::Settings {
        let file = self.settings.data.join("secrets.json");
        lazaret_secrets::Settings {
            // The holders of machines have another working folder.
            file: std::path::absolute(&file).unwrap_or(file),
            search_path: self.settings.search_path.clone(),
            session_bus: self.settings.session_bus.clone(),
            ca_files: self.settings.ca_files.clone(),
        }
    }

    /// The services that the policy names: the run's own artifacts, then those that are built in or known.
    fn services_of(&self, spec: &RunSpec, notices: &mut Vec<CredentialNotice>) -> Vec<Service> {
        let known = self.known_services();
        for artifact in &spec.integrations {
            let reference = plain_reference(&artifact.reference);
            if let Err(error) = known.keep(&artifact.id, &reference, &artifact.config) {
                tracing::debug!(error = %Chain(&error), id = %artifact.id, "not kept");
            }
        }
        let ids = spec.policy.iter().flat_map(|policy| policy.integrations());
        let mut services: Vec<Service> = Vec::new();
        for id in ids {
            if services.iter().any(|have| have.id == id) {
                continue;
            }
            let artifact = spec.integrations.iter().find(|have| have.id == id);
            let named = match artifact {
                Some(own) => {
                    let origin = Origin::Artifact(plain_reference(&own.reference));
                    Some(Service::of(id, &own.config, origin))
                }
                None => self.named_service(id).unwrap_or_else(|error| {
                    tracing::warn!(error = %Chain(&error), id, "integration not read");
                    None
                }),
            };
            match named {
                Some(service) => services.push(service),
                None => notices.push(CredentialNotice::Unknown { id: id.to_owned() }),
            }
        }
        services
    }
}

impl RunIntegrations {
    /// What the holder of the machine must know; `None` without services.
    pub(crate) fn record(&self, secrets: lazaret_secrets::Settings) -> Option<RunRecord> {
        let has_services = !self.integrations.is_empty();
        has_services.then(|| RunRecord::new(secrets, self.integrations.clone()))
    }

    fn placeholder(&self, name: &SecretName) -> Option<String> {
        let mut all = self.integrations.iter();
        let integration = all.find(|have| have.id == name.integration())?;
        let mut credentials = integration.credentials.iter();
        let credential = credentials.find(|have| have.name == name.credential())?;
        Some(credential.placeholder.clone())
    }
}

fn for_boundary(service: &Service) -> Integration {
    let endpoint = |place: &lazaret_secrets::Place| Endpoint {
        host: place.host.clone(),
        ports: place.ports.clone(),
    };
    let credentials = service.credentials.iter();
    Integration {
        id: service.id.clone(),
        endpoints: service.places.iter().map(endpoint).collect(),
        credentials: credentials
            .map(|credential| IntegrationCredential {
                name: credential.name.clone(),
                inject: credential.inject.clone(),
                format: credential.format.clone(),
                placeholder: placeholder(credential.placeholder.as_deref()),
            })
            .collect(),
    }
}

/// The credential that an agent means: one of this name, or the only one of the service of this name.
fn owner(services: &[Service], wanted: &Credential) -> Result<SecretName, CredentialNotice> {
    let none = || CredentialNotice::NoIntegration {
        name: wanted.name.clone(),
        env: wanted.env.clone(),
    };
    let name = |id: &str, credential: &str| SecretName::new(id, credential).map_err(|_| none());
    let has_it = |service: &&Service| service.credential(&wanted.name).is_some();
    let with: Vec<&Service> = services.iter().filter(has_it).collect();
    match with.as_slice() {
        [service] => name(&service.id, &wanted.name),
        [] => {
            let service = services.iter().find(|service| service.id == wanted.name);
            match service.map(|service| (service, service.credentials.as_slice())) {
                Some((service, [only])) => name(&service.id, &only.name),
                _ => Err(none()),
            }
        }
        several => Err(CredentialNotice::Ambiguous {
            name: wanted.name.clone(),
            env: wanted.env.clone(),
            integrations: several.iter().map(|service| service.id.clone()).collect(),
        }),
    }
}

/// The variables in which programs look for the credentials of a service: for those whose secrets are
/// stored; if none is, for the first.
fn usual_variables(service: &Service, stored: &[Kept]) -> Vec<(String, SecretName)> {
    let named = service.credentials.iter().filter_map(|credential| {
        let name = SecretName::new(&service.id, &credential.name).ok()?;
        Some((credential, name))
    });
    let named: Vec<_> = named.collect();
    let is_stored = |name: &SecretName| find(stored, name).is_some();
    let any = named.iter().any(|(_, name)| is_stored(name));
    let meant = named
        .into_iter()
        .enumerate()
        .filter(|(at, (_, name))| is_stored(name) || (!any && *at == 0));
    let variables = meant.flat_map(|(_, (credential, name))| {
        let env = credential.env.iter();
        env.map(move |variable| (variable.clone(), name.clone()))
    });
    variables.collect()
}

/// What is to be said of a credential. Nobody is told of one that is denied.
fn missing(
    service: &Service,
    name: SecretName,
    stored: &[Kept],
    wanted: &[(String, SecretName)],
) -> Option<CredentialNotice> {
    let artifact = match &service.origin {
        Origin::Artifact(reference) => Some(reference.clone()),
        Origin::File(path) => Some(path.clone()),
        Origin::BuiltIn => None,
    };
    let Some(kept) = find(stored, &name) else {
        let env = wanted.iter().filter(|(_, of)| *of == name);
        return Some(CredentialNotice::NotStored {
            env: env.map(|(variable, _)| variable.clone()).collect(),
            name,
            artifact,
        });
    };
    let is_covered =
        |place: &lazaret_secrets::Place| kept.places.iter().any(|own| own.contains(place));
    if kept.kind == Kind::Denied {
        return None;
    }
    if !service.places.iter().all(is_covered) {
        return Some(CredentialNotice::OtherHosts {
            name,
            wanted: service.places.iter().map(ToString::to_string).collect(),
            artifact,
        });
    }
    let credential = service.credential(name.credential());
    let form = credential.map(ServiceCredential::goes_to);
    let form = form.filter(|form| *form != kept.sent_as)?;
    Some(CredentialNotice::OtherForm {
        name,
        given: kept.sent_as.clone(),
        wanted: form,
        artifact,
    })
}

fn find<'a>(stored: &'a [Kept], name: &SecretName) -> Option<&'a Kept> {
    stored.iter().find(|kept| kept.name == *name)
}

/// A reference without its digest, unless that is all there is.
fn plain_reference(reference: &lazaret_oci::Reference) -> String {
    let mut reference = reference.clone();
    if reference.tag.is_some() {
        reference.digest = None;
    }
    reference.to_string()
}

#[cfg(test)]
mod tests;
