//! Checks the settings of mirrored registries.

use std::collections::BTreeSet;
use std::path::PathBuf;

use http::Uri;
use lazaret_mirror::Format;
use lazaret_oci::{Platform, Registry, Repository};

use super::upstreams::{LaneSettings, PipelineSettings, StageSetting, Upstream};
use super::{Config, Mirroring};

/// A fault of a setting: its path, what is wrong, what to do.
pub(super) type Found = (String, String, Option<&'static str>);

/// Finds all faults.
pub(super) fn faults(config: &Config) -> Vec<Found> {
    let mut found = Vec::new();
    platform(&config.mirror, &mut found);
    let (mut namespaces, mut prefixes) = (BTreeSet::new(), BTreeSet::new());
    for (number, upstream) in config.upstreams.iter().enumerate() {
        let at = format!("upstreams[{number}]");
        names(upstream, &at, &mut found);
        endpoints(upstream, &at, &mut found);
        if !namespaces.insert(upstream.namespace.to_ascii_lowercase()) {
            let message = format!("{} is an upstream twice", upstream.namespace);
            found.push((format!("{at}.namespace"), message, None));
        }
        if !prefixes.insert(upstream.prefix_text()) {
            let message = format!("the prefix {} is another's", upstream.prefix_text());
            found.push((format!("{at}.namespace"), message, Some("set prefix")));
        }
        if upstream
            .requests_per_second
            .is_some_and(|rate| !rate.is_finite() || rate <= 0.0)
        {
            let message = "the rate is not a positive number".to_owned();
            let hint = Some("leave it out for no limit");
            found.push((format!("{at}.requests_per_second"), message, hint));
        }
        let prefix = upstream.prefix_text();
        let outer = config.upstreams.iter().find(|other| {
            let rest = prefix.strip_prefix(&other.prefix_text());
            rest.is_some_and(|rest| rest.starts_with('/'))
        });
        if let Some(outer) = outer {
            let message = format!(
                "'{prefix}' lies within '{}' of {}",
                outer.prefix_text(),
                outer.namespace
            );
            let hint = Some("prefixes are beginnings of names, and none may lie within another");
            found.push((format!("{at}.prefix"), message, hint));
        }
        credentials(upstream, &at, &mut found);
        files(upstream, &at, &mut found);
        if upstream.client_certificate.is_some() != upstream.client_key.is_some() {
            let message = "client_certificate and client_key belong together".to_owned();
            found.push((at.clone(), message, None));
        }
        for (position, form) in upstream.streamable.iter().enumerate() {
            if let Err(error) = form.parse::<Format>() {
                let path = format!("{at}.streamable[{position}]");
                found.push((path, error.to_string(), None));
            }
        }
        if let Some(pipeline) = &upstream.pipeline {
            stages(pipeline, &format!("{at}.pipeline"), &mut found);
        }
    }
    found
}

impl Upstream {
    /// The prefix of its repositories.
    #[must_use]
    pub fn prefix_text(&self) -> String {
        let default = || self.namespace.to_ascii_lowercase().replace(':', "_");
        self.prefix.clone().unwrap_or_else(default)
    }

    /// The URLs of its registries.
    #[must_use]
    pub fn endpoint_texts(&self) -> Vec<String> {
        match self.endpoints.is_empty() {
            true => vec![format!("https://{}", self.namespace)],
            false => self.endpoints.clone(),
        }
    }
}

/// Splits the URL of a registry into whether it is plain, host and path.
///
/// # Errors
/// The reason for which it is no such URL.
pub(crate) fn endpoint(text: &str) -> Result<(bool, Registry, Option<Repository>), String> {
    let wrong = |reason: &str| format!("'{text}' is no URL of a registry: {reason}");
    let uri: Uri = text
        .parse()
        .map_err(|_| wrong("write https://host or https://host/path"))?;
    let is_plain = match uri.scheme_str() {
        Some("https") => false,
        Some("http") => true,
        _ => return Err(wrong("it begins with neither https:// nor http://")),
    };
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    if authority.contains('@') {
        return Err(wrong("credentials do not belong into it"));
    }
    let registry = authority
        .parse()
        .map_err(|error: lazaret_oci::Error| wrong(&error.to_string()))?;
    if uri.query().is_some() {
        return Err(wrong("it has a query"));
    }
    let path = uri.path().trim_matches('/');
    let path = path.strip_prefix("v2/").unwrap_or(path);
    let path = match path {
        "" | "v2" => None,
        path => Some(
            path.parse()
                .map_err(|error: lazaret_oci::Error| wrong(&error.to_string()))?,
        ),
    };
    Ok((is_plain, registry, path))
}

fn platform(mirror: &Mirroring, found: &mut Vec<Found>) {
    if let Some(text) = &mirror.platform
        && let Err(error) = text.parse::<Platform>()
    {
        found.push(("mirror.platform".to_owned(), error.to_string(), None));
    }
}

fn names(upstream: &Upstream, at: &str, found: &mut Vec<Found>) {
    let namespace = &upstream.namespace;
    if namespace.parse::<Registry>().is_err() {
        let message = format!("'{namespace}' is no name of a registry");
        let hint = Some("write it as clients do: docker.io, ghcr.io, registry.example:5000");
        found.push((format!("{at}.namespace"), message, hint));
        return;
    }
    let prefix = upstream.prefix_text();
    if let Err(error) = prefix.parse::<Repository>() {
        found.push((
            format!("{at}.prefix"),
            format!("'{prefix}' is no beginning of names: {error}"),
            Some("set prefix to lower-case letters, digits and single . _ - between them"),
        ));
    }
}

fn endpoints(upstream: &Upstream, at: &str, found: &mut Vec<Found>) {
    for (position, text) in upstream.endpoints.iter().enumerate() {
        if let Err(message) = endpoint(text) {
            found.push((format!("{at}.endpoints[{position}]"), message, None));
        }
    }
}

fn credentials(upstream: &Upstream, at: &str, found: &mut Vec<Found>) {
    let Some(credentials) = &upstream.credentials else {
        return;
    };
    let at = format!("{at}.credentials");
    if credentials.username.is_some() != credentials.password_file.is_some() {
        let message = "username and password_file belong together".to_owned();
        found.push((at.clone(), message, None));
    }
    let kinds = [
        credentials.anonymous,
        credentials.keychain,
        credentials.username.is_some(),
        credentials.docker_config.is_some(),
        credentials.login_file.is_some(),
        credentials.helper.is_some(),
        credentials.kubelet.is_some(),
        credentials.acr.is_some(),
    ];
    if kinds.iter().filter(|is_there| **is_there).count() > 1 {
        let message = "an upstream has credentials of one kind".to_owned();
        found.push((at, message, None));
    }
}

/// Files that are read later, and often only when somebody asks.
fn files(upstream: &Upstream, at: &str, found: &mut Vec<Found>) {
    let credentials = upstream.credentials.as_ref();
    let of_credentials = |name: &'static str, file: Option<&PathBuf>| {
        file.map(|file| (format!("{at}.credentials.{name}"), file.clone()))
    };
    let password = credentials.and_then(|known| known.password_file.as_ref());
    let docker = credentials.and_then(|known| known.docker_config.as_ref());
    let named = [
        upstream
            .ca_file
            .as_ref()
            .map(|file| (format!("{at}.ca_file"), file.clone())),
        of_credentials("password_file", password),
        of_credentials("docker_config", docker),
    ];
    for (path, file) in named.into_iter().flatten() {
        if let Err(error) = std::fs::File::open(&file) {
            let message = format!("failed to read '{}': {error}", file.display());
            found.push((path, message, None));
        }
    }
}

fn stages(pipeline: &PipelineSettings, at: &str, found: &mut Vec<Found>) {
    let lanes = [
        ("manifests", &pipeline.manifests),
        ("blobs", &pipeline.blobs),
        ("tags", &pipeline.tags),
        ("referrers", &pipeline.referrers),
    ];
    for (name, lane) in lanes {
        if let Some(lane) = lane {
            lane_faults(lane, &format!("{at}.{name}"), found);
        }
    }
    for (tag, pipeline) in &pipeline.tagged {
        let at = format!("{at}.tagged.{tag}");
        if !pipeline.tagged.is_empty() {
            let message = "a tagged pipeline has no tagged ones".to_owned();
            found.push((at.clone(), message, None));
        }
        let flat = PipelineSettings {
            tagged: std::collections::BTreeMap::new(),
            ..pipeline.clone()
        };
        stages(&flat, &at, found);
    }
}

fn lane_faults(lane: &LaneSettings, at: &str, found: &mut Vec<Found>) {
    for (position, method) in lane.methods.iter().enumerate() {
        if !matches!(&method[..], "GET" | "HEAD") {
            let message = format!("'{method}' is no method that reads: GET, HEAD");
            let hint = Some("what is mirrored takes no pushes");
            found.push((format!("{at}.methods[{position}]"), message, hint));
        }
    }
    for (position, stage) in lane.stages.iter().enumerate() {
        let forms: &[String] = match stage {
            StageSetting::TeleportTo { teleport } => std::slice::from_ref(teleport),
            StageSetting::Teleport { teleport } => teleport,
            _ => &[],
        };
        for form in forms {
            if let Err(error) = form.parse::<Format>() {
                found.push((format!("{at}.stages[{position}]"), error.to_string(), None));
            }
        }
    }
}
