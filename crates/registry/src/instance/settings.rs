//! Converts settings to the plain values that the modules below take.

use std::sync::Arc;
use std::time::Duration;

use lazaret_auth::RequestLimits;
use lazaret_content::collect::{
    self,
    retention::{KeepTags, Retention, Rule as Keeping, Untagged},
};
use lazaret_oci::MAX_MANIFEST_BYTES;

use crate::Error;
use crate::config::{Config, EventKind, RepositoryRule, RetentionRule, Webhook};
use crate::descriptors;
use crate::events::{Kind, Target};
use crate::message::Pace;
use crate::named_file::read;
use crate::rules::{Rule, Rules, VerifyingKey};
use crate::schemas::{FamilySchemas, Schemas};
use crate::server::ConnectionLimits;
use crate::telemetry::Export;
use crate::terms::{Exposure, SessionLimits, Terms};

/// Time limit of a TLS handshake when TLS is not configured.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// The terms of requests. Reads keys and schemas, so it must not be called in async threads.
///
/// # Errors
/// Fails when a key or a schema cannot be used.
pub(super) fn terms(config: &Config) -> Result<Terms, Error> {
    let schemas: Arc<dyn Schemas> = match &config.types_folder {
        Some(folder) => Arc::new(FamilySchemas::with_folder(folder)?),
        None => Arc::new(FamilySchemas::default()),
    };
    let rules: Vec<Rule> = config.rules.iter().map(rule).collect::<Result<_, _>>()?;
    let bucket = config.storage.bucket().map(|(_, bucket)| bucket);
    let manifest_bytes = usize::try_from(config.limits.manifest_bytes.0);
    Ok(Terms {
        rules: Rules::new(rules),
        schemas,
        blob_bytes: config.limits.blob_bytes.map_or(u64::MAX, |size| size.0),
        sessions: SessionLimits {
            of_repository: config.limits.uploads_per_repository.into(),
            of_all: config.limits.uploads.into(),
        },
        manifest_bytes: manifest_bytes
            .map_or(MAX_MANIFEST_BYTES, |limit| limit.min(MAX_MANIFEST_BYTES)),
        takes_deletions: config.delete,
        pace: pace(config),
        links: bucket
            .filter(|bucket| bucket.redirect)
            .map(|bucket| bucket.redirect_expiry.duration()),
        metrics: match &config.metrics {
            metrics if !metrics.enabled || metrics.listen.is_some() => Exposure::Nobody,
            metrics if metrics.public => Exposure::Everybody,
            _ => Exposure::Administrators,
        },
    })
}

fn rule(rule: &RepositoryRule) -> Result<Rule, Error> {
    let mut signers = Vec::new();
    for path in rule
        .required_signature
        .iter()
        .flat_map(|required| &required.keys)
    {
        signers.push(VerifyingKey::from_pem(
            &read(path).map_err(Error::unread(path))?,
        )?);
    }
    Ok(Rule {
        repositories: rule.repositories.clone(),
        artifact_types: rule.allowed_artifact_types.clone(),
        pinned_bundles: rule.pinned_bundles,
        immutable_tags: rule.immutable_tags.clone(),
        needs_manifests: rule.require_index_manifests,
        may_lack_layers: rule.may_lack_layers,
        signers,
        quota: rule.quota.map(|size| size.0),
    })
}

/// The pace at which peers must send and take bytes.
fn pace(config: &Config) -> Pace {
    Pace {
        silence: config.limits.body_timeout.duration(),
        rate: config.limits.minimum_transfer_rate.0,
        window: config.limits.transfer_window.duration(),
    }
}

/// The limits of connections.
pub(super) fn connection_limits(config: &Config) -> ConnectionLimits {
    let tls = config.tls.as_ref();
    ConnectionLimits {
        connections: config.limits.connections.min(descriptors::connections()),
        per_address: config.limits.connections_per_address,
        handshake: tls.map_or(HANDSHAKE, |tls| tls.handshake_timeout.duration()),
        header: config.limits.header_timeout.duration(),
        idle: config.limits.idle_timeout.duration(),
        pace: pace(config),
        drain: config.drain.timeout.duration(),
    }
}

/// The limits of one client's requests.
pub(super) fn request_limits(config: &Config) -> RequestLimits {
    RequestLimits {
        requests_per_second: config.limits.requests_per_second,
        request_burst: config.limits.request_burst,
        concurrent_requests: config.limits.concurrent_requests,
    }
}

/// The targets of events.
pub(super) fn targets(config: &Config) -> Arc<[Target]> {
    config.webhooks.iter().map(target).collect()
}

fn target(webhook: &Webhook) -> Target {
    let kind = |kind: &EventKind| match kind {
        EventKind::ManifestPushed => Kind::ManifestPushed,
        EventKind::ManifestPulled => Kind::ManifestPulled,
        EventKind::ManifestDeleted => Kind::ManifestDeleted,
        EventKind::TagDeleted => Kind::TagDeleted,
        EventKind::BlobDeleted => Kind::BlobDeleted,
    };
    Target {
        name: webhook.name.clone(),
        url: webhook.url.clone(),
        kinds: webhook.events.iter().map(kind).collect(),
        repositories: webhook.repositories.clone(),
        secret_file: webhook.secret_file.clone(),
        timeout: webhook.timeout.duration(),
        concurrency: webhook.concurrency,
        give_up_after: webhook.give_up_after.duration(),
    }
}

/// The settings of the export of spans.
pub(super) fn export(config: &Config) -> Export {
    let tracing = &config.tracing;
    Export {
        endpoint: tracing.endpoint.clone(),
        sample_ratio: tracing.sample_ratio,
        service_name: tracing.service_name.clone(),
        timeout: tracing.timeout.duration(),
    }
}

/// The settings of collection, and the retention rules.
pub(super) fn collection(config: &Config) -> (collect::Settings, Retention) {
    let settings = collect::Settings {
        grace: config.collection.grace.duration(),
        garbage_grace: config.collection.garbage_grace.duration(),
        ..collect::Settings::default()
    };
    let rules = config.retention.iter().map(keeping).collect();
    (settings, Retention { rules })
}

fn keeping(rule: &RetentionRule) -> Keeping {
    let keep = rule
        .keep
        .as_ref()
        .map_or_else(KeepTags::default, |keep| KeepTags {
            last: keep.last,
            newer_than: keep.newer_than,
            tags: keep.tags.clone(),
        });
    Keeping {
        repositories: rule.repositories.clone(),
        keep,
        untagged: rule
            .delete_untagged_after
            .map_or(Untagged::Keep, Untagged::DeleteAfter),
    }
}
