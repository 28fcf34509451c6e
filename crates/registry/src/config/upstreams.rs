//! The sections on mirrored registries.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::PathBuf;

use lazaret_values::{Pattern, Period, Size};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How content of other registries is kept. It takes a restart to change it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Mirroring {
    /// Most bytes of everything that is mirrored; images that were not asked for longest go. Without
    /// it, everything stays.
    pub size: Option<Size>,
    /// The longest time until an answer begins; then it is 503, and the fetch goes on.
    pub patience: Period,
    /// Time after which the upstream is asked again what a tag points to.
    pub tag_lifetime: Period,
    /// Time after which the upstream is asked again for what it did not have.
    pub absent_lifetime: Period,
    /// Age up to which a tag is served when the upstream does not answer.
    pub stale_lifetime: Period,
    /// Platform of the images for which streamable forms are looked for [default: linux on this
    /// machine's architecture].
    pub platform: Option<String>,
    /// Folder of unfinished blobs [default: `partial` in `root`].
    #[schemars(extend("format" = "path"))]
    pub folder: Option<PathBuf>,
    /// The API of the original mirror; none when nothing is said.
    pub api: Option<OriginalApi>,
}

/// The API of the original mirror: `/config`, `/login`, `/auth` and `/status`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OriginalApi {
    /// File with the token that clients send (`Authorization: Bearer TOKEN`); read at each request.
    #[schemars(extend("format" = "path"))]
    pub token_file: PathBuf,
    /// Whether clients of other machines may use it.
    #[serde(default)]
    pub remote: bool,
    /// Folder that is the container engine's `/`, for `/config`.
    #[serde(default = "whole_machine")]
    #[schemars(extend("format" = "path"))]
    pub fs_root: PathBuf,
}

fn whole_machine() -> PathBuf {
    "/".into()
}

impl Default for Mirroring {
    fn default() -> Self {
        Self {
            size: None,
            patience: Period::seconds(9),
            tag_lifetime: Period::seconds(60),
            absent_lifetime: Period::seconds(10),
            stale_lifetime: Period::hours(24 * 30),
            platform: None,
            folder: None,
            api: None,
        }
    }
}

/// A registry whose content is mirrored. It takes a restart to change it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Upstream {
    /// The name that clients use, such as `docker.io`: the value of `?ns=`.
    pub namespace: String,
    /// Beginning of the names of its repositories here [default: the namespace, with `_` before a
    /// port].
    #[serde(default)]
    pub prefix: Option<String>,
    /// URLs of the registries that have its content, in the order in which they are asked
    /// [default: `https://` and the namespace].
    #[serde(default)]
    pub endpoints: Vec<String>,
    /// Names of this server under which it is this upstream, for clients that cannot name it.
    #[serde(default)]
    pub virtual_hosts: Vec<String>,
    /// Repositories there that are mirrored: `library/**`; all, when none is named.
    #[serde(default)]
    pub repositories: Vec<Pattern>,
    /// Repositories there that are not.
    #[serde(default)]
    pub excluded: Vec<Pattern>,
    /// Further authorities of its certificates, PEM.
    #[serde(default)]
    #[schemars(extend("format" = "path"))]
    pub ca_file: Option<PathBuf>,
    /// Certificate by which this mirror proves its identity, PEM; with `client_key`.
    #[serde(default)]
    #[schemars(extend("format" = "path"))]
    pub client_certificate: Option<PathBuf>,
    /// Private key of that certificate, PEM.
    #[serde(default)]
    #[schemars(extend("format" = "path"))]
    pub client_key: Option<PathBuf>,
    /// The proxy through which it is reached.
    #[serde(default)]
    pub proxy: Option<UpstreamProxy>,
    /// Most requests to it at the same time.
    #[serde(default = "concurrency")]
    pub concurrency: NonZeroU32,
    /// Most requests to it in a second, on average; more wait, and none is refused. Any number, when
    /// nothing is said. Requests for tokens and repetitions of failed requests do not count.
    #[serde(default)]
    pub requests_per_second: Option<f64>,
    /// Forms of images that tags are swapped for when it has them: `overlaybd`, `turbo`, `acr`,
    /// `nydus`. The first that is there counts.
    #[serde(default)]
    pub streamable: Vec<String>,
    /// The credentials with which it is asked; those that Lazaret, Docker and Podman know when
    /// nothing is said.
    #[serde(default)]
    pub credentials: Option<UpstreamCredentials>,
    /// The stages that requests pass.
    #[serde(default)]
    pub pipeline: Option<PipelineSettings>,
}

fn concurrency() -> NonZeroU32 {
    NonZeroU32::MIN.saturating_add(15)
}

/// A proxy, which opens tunnels (`CONNECT`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpstreamProxy {
    /// `http://host:port`, or `https://host:port` for TLS to the proxy itself.
    pub url: String,
    /// File with `user:password` for the proxy.
    #[serde(default)]
    #[schemars(extend("format" = "path"))]
    pub credentials_file: Option<PathBuf>,
    /// Hosts that are reached without it: `host`, `.host` for those below, addresses, networks.
    #[serde(default)]
    pub direct: Vec<String>,
    /// Hosts to which the upstream may point and that the proxy may look up: `.cloudfront.net`.
    #[serde(default)]
    pub by_name: Vec<String>,
}

/// The credentials for an upstream: one of these.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct UpstreamCredentials {
    /// None: requests are anonymous.
    pub anonymous: bool,
    /// Those of Lazaret's, Docker's and Podman's files and credential helpers.
    pub keychain: bool,
    /// User name, with `password_file`.
    pub username: Option<String>,
    /// File with the password or access token; read again when it changes.
    #[schemars(extend("format" = "path"))]
    pub password_file: Option<PathBuf>,
    /// Configuration file of Docker, `config.json`.
    #[schemars(extend("format" = "path"))]
    pub docker_config: Option<PathBuf>,
    /// Credentials of the original mirror: a file with tables `[auth."host"]`, or its `access_token` or
    /// `token_cache`.
    #[schemars(extend("format" = "path"))]
    pub login_file: Option<PathBuf>,
    /// A credential helper, `docker-credential-NAME`.
    pub helper: Option<HelperSettings>,
    /// A credential provider of kubelet.
    pub kubelet: Option<KubeletSettings>,
    /// Azure Container Registry.
    pub acr: Option<AcrSettings>,
}

/// A credential helper.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HelperSettings {
    /// Its name: `ecr-login`.
    pub name: String,
    /// How long its answer holds, which it does not tell.
    #[serde(default = "helper_lifetime")]
    pub lifetime: Period,
}

fn helper_lifetime() -> Period {
    Period::hours(1)
}

/// A program that speaks `credentialprovider.kubelet.k8s.io/v1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KubeletSettings {
    /// Path of the program.
    #[schemars(extend("format" = "path"))]
    pub command: PathBuf,
    /// Its arguments.
    #[serde(default)]
    pub args: Vec<String>,
    /// Its environment: nothing is inherited.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Images for which it is asked [default: those of the upstream].
    #[serde(default)]
    pub match_images: Vec<String>,
    /// How long an answer holds that does not tell.
    #[serde(default)]
    pub cache: Option<Period>,
}

/// Tokens for an Azure registry: a file, or the output of `az acr login --expose-token` when none is named.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AcrSettings {
    /// Name of the registry, for `az` [default: the first label of the namespace].
    pub registry: Option<String>,
    /// File with an access token of Entra ID; read again when it changes.
    #[schemars(extend("format" = "path"))]
    pub access_token_file: Option<PathBuf>,
    /// File with a refresh token of the registry; read again when it changes.
    #[schemars(extend("format" = "path"))]
    pub refresh_token_file: Option<PathBuf>,
    /// The Entra tenant, where the access token alone does not tell it.
    pub tenant: Option<String>,
    /// Environment of `az`: nothing is inherited but `PATH` and `HOME`.
    pub env: BTreeMap<String, String>,
}

/// The stages of each kind of request. What has no stages here is not served.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PipelineSettings {
    /// Manifests.
    pub manifests: Option<LaneSettings>,
    /// Blobs.
    pub blobs: Option<LaneSettings>,
    /// Lists of tags.
    pub tags: Option<LaneSettings>,
    /// Lists of referrers.
    pub referrers: Option<LaneSettings>,
    /// Pipelines for clients that send the header `x-ms-upgrade-if-streamable` with this value.
    pub tagged: BTreeMap<String, PipelineSettings>,
}

/// The stages of one kind of request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LaneSettings {
    /// The methods that are served: `GET`, `HEAD`.
    #[serde(default = "reading")]
    pub methods: Vec<String>,
    /// The stages, in order: `login`, `authn`, `resolve`, `discover`, `teleport`, `cache`, `pull`,
    /// or `{ exec = ... }`.
    pub stages: Vec<StageSetting>,
}

fn reading() -> Vec<String> {
    vec!["GET".to_owned(), "HEAD".to_owned()]
}

/// A stage: its name, or its name with what it is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "a stage is login, authn, resolve, discover, teleport, cache, pull, \
                 { discover = [TYPE] }, { teleport = [FORM] } or { exec = { command = PATH } }"
)]
pub enum StageSetting {
    /// A stage without arguments.
    Plain(PlainStage),
    /// `resolve` with the media types of old configurations, which are not used: what clients accept
    /// decides nothing.
    Resolve {
        /// Media types.
        resolve: Vec<String>,
    },
    /// `discover` with artifact types.
    Discover {
        /// Artifact types.
        discover: Vec<String>,
    },
    /// `teleport` with a form.
    TeleportTo {
        /// The form.
        teleport: String,
    },
    /// `teleport` with forms.
    Teleport {
        /// The forms, in the order of preference.
        teleport: Vec<String>,
    },
    /// `exec` with a program.
    Exec {
        /// The program.
        exec: ProgramSettings,
    },
}

/// A stage without arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PlainStage {
    /// Takes the credentials of the upstream.
    Login,
    /// Proves them, or fetches an anonymous token.
    Authn,
    /// Asks what a tag points to.
    Resolve,
    /// Looks for streamable forms.
    Discover,
    /// Swaps a tag for the first that `streamable` names.
    Teleport,
    /// Keeps what is fetched.
    Cache,
    /// Fetches what is not kept.
    Pull,
}

/// A program that decides on requests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProgramSettings {
    /// Path of the program.
    #[schemars(extend("format" = "path"))]
    pub command: PathBuf,
    /// Its arguments.
    #[serde(default)]
    pub args: Vec<String>,
    /// The longest time that it may take.
    #[serde(default = "program_timeout")]
    pub timeout: Period,
}

fn program_timeout() -> Period {
    Period::seconds(5)
}
