//! Checks the dependency policy of `deny.toml`: licences, duplicates, bans and sources.
//!
//! It reads the file in `cargo-deny`'s format and checks the lock file offline. It exists because
//! building cargo-deny costs more than the rest of `make check` together. Advisories need a network
//! and are left to cargo-deny.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::metadata::{Metadata, Package};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Policy {
    licenses: Licenses,
    bans: Bans,
    sources: Sources,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Licenses {
    allow: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Bans {
    /// Only `deny` has an effect here.
    #[allow(dead_code)]
    multiple_versions: String,
    #[serde(default)]
    deny: Vec<Named>,
    #[serde(default)]
    skip: Vec<Named>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    #[serde(rename = "crate")]
    name: String,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Sources {
    allow_registry: Vec<String>,
}

pub(crate) fn run() -> Result<String, Vec<String>> {
    let metadata = Metadata::read()?;
    let path = metadata.workspace_root.join("deny.toml");
    let policy: Policy = std::fs::read_to_string(&path)
        .map_err(|error| error.to_string())
        .and_then(|text| toml::from_str(&text).map_err(|error| error.to_string()))
        .map_err(|error| vec![format!("failed to read {}: {error}", path.display())])?;
    let foreign: Vec<&Package> = metadata
        .resolved()
        .filter(|package| package.source.is_some())
        .collect();
    let mut faults = Vec::new();
    faults.extend(
        foreign
            .iter()
            .filter_map(|package| licence_fault(package, &policy.licenses)),
    );
    faults.extend(
        foreign
            .iter()
            .filter_map(|package| source_fault(package, &policy.sources)),
    );
    faults.extend(ban_faults(&foreign, &policy.bans));
    faults.extend(duplicate_faults(&foreign, &policy.bans));
    if faults.is_empty() {
        Ok(format!("{} dependencies follow the policy", foreign.len()))
    } else {
        Err(faults)
    }
}

fn licence_fault(package: &Package, policy: &Licenses) -> Option<String> {
    let Some(text) = &package.license else {
        return Some(format!(
            "{} {} declares no licence",
            package.name, package.version
        ));
    };
    let expression = match spdx::Expression::parse_mode(text, spdx::ParseMode::LAX) {
        Ok(expression) => expression,
        Err(error) => {
            return Some(format!(
                "{}: unreadable licence '{text}': {error}",
                package.name
            ));
        }
    };
    let allowed = expression.evaluate(|requirement| {
        policy
            .allow
            .iter()
            .any(|allowed| *allowed == requirement.to_string())
    });
    (!allowed).then(|| {
        format!(
            "{} {}: licence '{text}' is not allowed by deny.toml",
            package.name, package.version
        )
    })
}

fn source_fault(package: &Package, policy: &Sources) -> Option<String> {
    let source = package.source.as_deref()?;
    let allowed = policy
        .allow_registry
        .iter()
        .any(|registry| source == format!("registry+{registry}"));
    (!allowed).then(|| format!("{} comes from {source}", package.name))
}

fn ban_faults(packages: &[&Package], policy: &Bans) -> Vec<String> {
    packages
        .iter()
        .filter_map(|package| {
            let ban = policy.deny.iter().find(|ban| ban.name == package.name)?;
            Some(format!("{} is banned: {}", package.name, ban.reason))
        })
        .collect()
}

fn duplicate_faults(packages: &[&Package], policy: &Bans) -> Vec<String> {
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in packages {
        versions
            .entry(&package.name)
            .or_default()
            .push(&package.version);
    }
    let skipped = |name: &str| {
        policy
            .skip
            .iter()
            .any(|skip| skip.name == name && !skip.reason.is_empty())
    };
    let mut faults: Vec<String> = versions
        .iter()
        .filter(|(name, versions)| versions.len() > 1 && !skipped(name))
        .map(|(name, versions)| format!("{name} is built in versions {}", versions.join(" and ")))
        .collect();
    let stale = policy.skip.iter().filter(|skip| {
        versions
            .get(skip.name.as_str())
            .is_none_or(|versions| versions.len() < 2)
    });
    faults.extend(
        stale.map(|skip| format!("deny.toml skips {}, which is not duplicated", skip.name)),
    );
    faults
}
