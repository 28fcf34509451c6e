//! `distribution` of an artifact.

use std::path::PathBuf;

use super::control_plane::variable_name;
use super::declared::Declared;
use crate::section::Section;
use crate::{
    ArtifactReference, BackendSettings, Distribution, Endpoint, RegistryAuth, Selector, Transport,
};

/// Reads where an artifact goes and where it comes from.
pub(super) fn read_distribution(
    section: Section<'_>,
    reference: Option<&ArtifactReference>,
    variants: &[Selector],
    declared: &Declared,
) -> Option<Distribution> {
    let cache_root: Option<PathBuf> = section.file("cache_root");
    let backend = |key| {
        let section = section.section(key)?;
        let settings = read_backend(&section, declared);
        if let (Some(BackendSettings::OciRegistry { .. }), Some(reference)) = (&settings, reference)
        {
            check_registry(&section, reference, variants);
        }
        section.finish();
        settings
    };
    let (push, pull) = (backend("push"), backend("pull"));
    section.finish();
    Some(Distribution {
        cache_root: cache_root?,
        push: push?,
        pull: pull?,
    })
}

fn read_backend(section: &Section<'_>, declared: &Declared) -> Option<BackendSettings> {
    let kind = section.filled("backend")?;
    let settings = match kind.as_str() {
        "file-system" => section
            .file("root")
            .map(|root| BackendSettings::FileSystem { root }),
        "oci-registry" => read_registry(section),
        "hosted-api" => read_hosted(section, declared),
        _ => {
            let message = "is not one of file-system, oci-registry, hosted-api";
            section.fault("backend", message);
            None
        }
    };
    for key in ["root", "transport", "auth", "endpoint"] {
        section.ignore(key);
    }
    settings
}

fn read_registry(section: &Section<'_>) -> Option<BackendSettings> {
    let transport = section.parsed::<Transport>("transport");
    let auth = section.section("auth").and_then(|section| {
        let auth = match section.filled("kind").as_deref() {
            None => None,
            Some("anonymous") => Some(RegistryAuth::Anonymous),
            Some("basic-env") => {
                let username = variable_name(&section, "username_variable");
                let password = variable_name(&section, "password_variable");
                username
                    .zip(password)
                    .map(|(username, password)| RegistryAuth::BasicEnv {
                        username_variable: username,
                        password_variable: password,
                    })
            }
            Some(_) => {
                section.fault("kind", "is not one of anonymous, basic-env");
                None
            }
        };
        section.ignore("username_variable");
        section.ignore("password_variable");
        section.finish();
        auth
    });
    Some(BackendSettings::OciRegistry {
        transport: transport?,
        auth: auth?,
    })
}

fn read_hosted(section: &Section<'_>, declared: &Declared) -> Option<BackendSettings> {
    let text = section.filled("endpoint")?;
    let endpoint = match text.parse::<Endpoint>() {
        Ok(endpoint) => endpoint,
        Err(error) => {
            section.fault("endpoint", error.to_string());
            return None;
        }
    };
    match declared.control_plane_at(&endpoint) {
        Ok(Some(name)) => Some(BackendSettings::HostedApi {
            endpoint,
            control_plane: name.to_owned(),
        }),
        Ok(None) => {
            let message = "is not the endpoint of a control plane of the document";
            section.fault("endpoint", message);
            None
        }
        // The faulty control plane is told already.
        Err(()) => None,
    }
}

/// Whether a registry takes the names of all variants.
fn check_registry(section: &Section<'_>, reference: &ArtifactReference, variants: &[Selector]) {
    let mut names = std::iter::once(reference.oci_index())
        .chain(variants.iter().map(|selector| reference.oci(*selector)));
    if let Some(error) = names.find_map(Result::err) {
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        let cause = cause.unwrap_or_default();
        section.fault("backend", format!("{error}: {cause}"));
    }
}
