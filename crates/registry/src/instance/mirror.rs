//! Makes a mirror from its settings.

mod credentials;
mod original;

pub(super) use original::original;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lazaret_client::{
    Anonymous, Client, ClientCertificate, Credential, CredentialSource, Options, Proxy, Retry,
    Timeouts,
};
use lazaret_mirror::{
    Counts, Endpoint, Format, Lane, MakeClient, Method, Mirror, Pipeline, Plan, Program, Settings,
    Stage, UpstreamSettings,
};
use lazaret_oci::{Platform, Registry};

use super::source::Source;
use crate::Error;
use crate::config::{
    Config, LaneSettings, PipelineSettings, PlainStage, StageSetting, Upstream, endpoint,
};
use crate::mirror::Rules;
use crate::named_file::read_secret;
use crate::stores::Stores;

/// Name of the folder of unfinished blobs.
pub(super) const PARTIAL: &str = "partial";
/// Longest time until an upstream is connected.
const CONNECT: Duration = Duration::from_secs(5);
/// Longest silence of an upstream while it sends a body.
const IDLE: Duration = Duration::from_secs(30);
/// Most clients with credentials of programs.
const MOST_CLIENTS: usize = 64;

/// Opens the mirror, if there are upstreams.
///
/// # Errors
/// Fails when certificates of upstreams or the folder of unfinished blobs cannot be used.
pub(super) fn open(
    config: &Config,
    source: &Source,
    folder: PathBuf,
    stores: &Stores,
    rules: Rules,
) -> Result<Option<Arc<Mirror>>, Error> {
    if config.upstreams.is_empty() {
        return Ok(None);
    }
    let counts = Arc::new(Counts::default());
    let upstreams = config
        .upstreams
        .iter()
        .map(|upstream| settings(upstream, config, source, &counts))
        .collect::<Result<_, _>>()?;
    let mirror = &config.mirror;
    let platform = mirror.platform.as_deref().map(str::parse::<Platform>);
    let settings = Settings {
        is_alone: source.is_mirror,
        upstreams,
        folder: mirror.folder.clone().unwrap_or(folder),
        size: mirror.size.map(|size| size.0),
        patience: mirror.patience.duration(),
        tag_lifetime: mirror.tag_lifetime.duration(),
        absent_lifetime: mirror.absent_lifetime.duration(),
        stale_lifetime: mirror.stale_lifetime.duration(),
        platform: platform
            .and_then(Result::ok)
            .unwrap_or_else(Platform::native),
    };
    let (objects, metadata) = (Arc::clone(&stores.objects), Arc::clone(&stores.metadata));
    let opened = Mirror::open(settings, objects, metadata, Arc::new(rules), counts);
    Ok(Some(Arc::new(opened.map_err(Error::Mirror)?)))
}

/// The stages of each upstream.
///
/// # Errors
/// Fails when certificates of upstreams cannot be used.
pub(super) fn plans(config: &Config, source: &Source) -> Result<Vec<Plan>, Error> {
    let counts = Arc::new(Counts::default());
    let upstreams = config.upstreams.iter();
    upstreams
        .map(|upstream| Ok(Plan::of(&settings(upstream, config, source, &counts)?)))
        .collect()
}

fn settings(
    upstream: &Upstream,
    config: &Config,
    source: &Source,
    counts: &Arc<Counts>,
) -> Result<UpstreamSettings, Error> {
    let wrong = |reason: String| Error::Upstream {
        namespace: upstream.namespace.clone(),
        reason,
    };
    let prefix = upstream.prefix_text().parse();
    let prefix = prefix.map_err(|error: lazaret_oci::Error| wrong(error.to_string()))?;
    let (options, plain) = options(upstream, config, counts)?;
    let mut endpoints = Vec::new();
    for text in upstream.endpoint_texts() {
        let (is_plain, registry, path) = endpoint(&text).map_err(wrong)?;
        let mut options = options.clone();
        // A loopback host is reached with TLS only when the URL says so.
        match is_plain {
            true => options.plain_http.clone_from(&plain),
            false => options.tls.push(registry.to_string()),
        }
        let client = |source: Arc<dyn CredentialSource>| {
            Client::new(options.clone(), source).map_err(|error| wrong(error.to_string()))
        };
        let known = credentials::source(upstream, &registry, &source.credentials, &options)?;
        endpoints.push(Endpoint {
            identified: client(Arc::clone(&known))?,
            credentials: known,
            anonymous: client(Arc::new(Anonymous))?,
            with_credential: with_credential(options.clone()),
            registry,
            path,
        });
    }
    let fallback: Vec<Format> = upstream
        .streamable
        .iter()
        .filter_map(|form| form.parse().ok())
        .collect();
    let pipeline = match &upstream.pipeline {
        Some(settings) => pipeline(settings, &fallback),
        None => standard(&fallback),
    };
    Ok(UpstreamSettings {
        namespace: upstream.namespace.clone(),
        prefix,
        endpoints,
        virtual_hosts: upstream.virtual_hosts.clone(),
        allowed: upstream.repositories.clone(),
        denied: upstream.excluded.clone(),
        concurrency: usize::try_from(upstream.concurrency.get()).unwrap_or(usize::MAX),
        requests_per_second: upstream.requests_per_second,
        pipeline: pipeline.only(|number| source.stages.keeps(number)),
        tagged: tagged(upstream, &fallback),
    })
}

/// The options of an upstream's clients, and its hosts that are reached without TLS.
///
/// # Errors
/// Fails when the credentials of its proxy cannot be read.
fn options(
    upstream: &Upstream,
    config: &Config,
    counts: &Arc<Counts>,
) -> Result<(Options, Vec<String>), Error> {
    let patience = config.mirror.patience.duration();
    let endpoints = upstream.endpoint_texts();
    // One that is silent leaves the others time to answer, and they are asked instead of it.
    let share = patience / u32::try_from(endpoints.len().max(1)).unwrap_or(u32::MAX);
    let plain = endpoints
        .iter()
        .filter_map(|text| endpoint(text).ok())
        .filter(|(is_plain, ..)| *is_plain)
        .map(|(_, registry, _)| registry.to_string())
        .collect();
    let certificate = upstream.client_certificate.iter().zip(&upstream.client_key);
    let proxy = upstream.proxy.as_ref().map(|proxy| {
        let credentials = proxy.credentials_file.as_ref();
        let credentials = credentials.map(|file| read_secret(file).map_err(Error::unread(file)));
        Ok::<_, Error>(Proxy {
            url: proxy.url.clone(),
            credentials: credentials.transpose()?,
            direct: proxy.direct.clone(),
            by_name: proxy.by_name.clone(),
        })
    });
    let options = Options {
        client_certificates: certificate
            .map(|(certificate, key)| ClientCertificate {
                host: None,
                certificate: certificate.clone(),
                key: key.clone(),
            })
            .collect(),
        proxy: proxy.transpose()?,
        extra_ca: upstream.ca_file.iter().cloned().collect(),
        timeouts: Timeouts {
            connect: CONNECT.min(share),
            header: share,
            idle: IDLE,
        },
        retry: Retry {
            tries: if endpoints.len() > 1 { 1 } else { 3 },
            budget: patience / 2,
            ..Retry::default()
        },
        observer: Some(counts.watch(&upstream.namespace)),
        ..Options::default()
    };
    Ok((options, plain))
}

/// Clients with credentials of programs, the last ones of which are kept for their tokens.
fn with_credential(options: Options) -> MakeClient {
    let known: Mutex<HashMap<String, (Credential, Client)>> = Mutex::default();
    Arc::new(move |registry: &Registry, credential: Credential| {
        let name = match &credential {
            Credential::Basic { username, .. } => username.clone(),
            _ => String::new(),
        };
        let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((held, client)) = known.get(&name)
            && *held == credential
        {
            return Ok(client.clone());
        }
        let client = Client::with_credential(options.clone(), registry, credential.clone())?;
        if known.len() >= MOST_CLIENTS {
            known.clear();
        }
        known.insert(name, (credential, client.clone()));
        Ok(client)
    })
}

/// The pipelines that clients ask for by name.
fn tagged(upstream: &Upstream, formats: &[Format]) -> BTreeMap<String, Pipeline> {
    let tagged = upstream
        .pipeline
        .iter()
        .flat_map(|settings| &settings.tagged);
    tagged
        .map(|(name, settings)| (name.clone(), pipeline(settings, formats)))
        .collect()
}

/// The pipeline without settings.
fn standard(formats: &[Format]) -> Pipeline {
    let mut pipeline = Pipeline::default();
    if let Some(lane) = pipeline.manifests.as_mut().filter(|_| !formats.is_empty()) {
        let stages = [
            Stage::Discover(Vec::new()),
            Stage::Teleport(formats.to_vec()),
        ];
        lane.stages.splice(3..3, stages);
    }
    pipeline
}

fn pipeline(settings: &PipelineSettings, formats: &[Format]) -> Pipeline {
    let lane =
        |settings: &Option<LaneSettings>| settings.as_ref().map(|lane| self::lane(lane, formats));
    Pipeline {
        manifests: lane(&settings.manifests),
        blobs: lane(&settings.blobs),
        tags: lane(&settings.tags),
        referrers: lane(&settings.referrers),
    }
}

fn lane(settings: &LaneSettings, formats: &[Format]) -> Lane {
    let method = |name: &String| match &name[..] {
        "HEAD" => Method::Head,
        _ => Method::Get,
    };
    Lane {
        methods: settings.methods.iter().map(method).collect(),
        stages: settings
            .stages
            .iter()
            .map(|stage| self::stage(stage, formats))
            .collect(),
    }
}

fn stage(setting: &StageSetting, formats: &[Format]) -> Stage {
    // Their names were checked with the other settings.
    let parsed = |names: &[String]| names.iter().filter_map(|name| name.parse().ok()).collect();
    match setting {
        StageSetting::Plain(PlainStage::Login) => Stage::Login,
        StageSetting::Plain(PlainStage::Authn) => Stage::Authn,
        StageSetting::Plain(PlainStage::Resolve) | StageSetting::Resolve { .. } => Stage::Resolve,
        StageSetting::Plain(PlainStage::Discover) => Stage::Discover(Vec::new()),
        StageSetting::Discover { discover } => Stage::Discover(discover.clone()),
        StageSetting::Plain(PlainStage::Teleport) if formats.is_empty() => {
            Stage::Teleport(Format::ALL.to_vec())
        }
        StageSetting::Plain(PlainStage::Teleport) => Stage::Teleport(formats.to_vec()),
        StageSetting::TeleportTo { teleport } => {
            Stage::Teleport(parsed(std::slice::from_ref(teleport)))
        }
        StageSetting::Teleport { teleport } => Stage::Teleport(parsed(teleport)),
        StageSetting::Plain(PlainStage::Cache) => Stage::Cache,
        StageSetting::Plain(PlainStage::Pull) => Stage::Pull,
        StageSetting::Exec { exec } => Stage::Exec(Program {
            command: exec.command.clone(),
            args: exec.args.clone(),
            timeout: exec.timeout.duration(),
        }),
    }
}
