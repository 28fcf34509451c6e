//! Resolves arguments and environment to one [`Settings`]. Only this file reads the environment.
#![allow(clippy::disallowed_methods)]

use std::env;
use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::PathBuf;

use lazaret_client::CredentialFiles;
use lazaret_supervisor::{Accelerator, BuildSettings, GuestSettings, KernelOrigin, Settings};
use lazaret_values::{Secret, Size};

use crate::env_vars::{self, foreign};
use crate::failure::Failure;
use crate::format::Format;

/// Podman's credential file, relative to the XDG folders.
const CONTAINERS: &str = "containers/auth.json";

/// Flags of every command.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct GlobalArgs {
    /// No progress, no notes; of a result only its digest, name or path
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// `text`, `json` (failures, too) or template `'{{.id}}'`
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text", value_parser = Format::parse)]
    pub(crate) format: Format,
    /// Plain HTTP to every registry; with `=false`, HTTPS also on loopback
    #[arg(
        long,
        global = true,
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        hide_possible_values = true
    )]
    plain_http: Option<bool>,
    /// What to log on standard error: `warn`, `info`, `debug`
    #[arg(long, global = true, value_name = "LEVEL", env = env_vars::LOG, hide_env = true, value_parser = log_filter)]
    log: Option<String>,
}

impl GlobalArgs {
    /// What to log, if that was asked for. An empty variable is one that is not set.
    pub(crate) fn log(&self) -> Option<&str> {
        self.log.as_deref().filter(|level| !level.is_empty())
    }
}

/// Checks a level, or levels of single parts: `warn,lazaret_client=debug`.
fn log_filter(text: &str) -> Result<String, String> {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    let is_level = |part: &str| {
        let level = part.rsplit('=').next().unwrap_or(part).trim();
        LEVELS.iter().any(|known| known.eq_ignore_ascii_case(level))
    };
    match text.is_empty() || text.split(',').all(is_level) {
        true => Ok(text.to_owned()),
        false => Err(format!("expected one of {}", LEVELS.join(", "))),
    }
}

/// Whether arguments that could not be understood ask for failures as JSON.
pub(crate) fn asks_for_json() -> bool {
    let own = env::args_os()
        .skip(1)
        .take_while(|argument| argument != "--");
    let arguments: Vec<_> = own.collect();
    let is_json = |at: usize| arguments[at] == "--format=json";
    let is_pair = |at: usize| {
        arguments[at] == "--format" && arguments.get(at + 1).is_some_and(|value| value == "json")
    };
    (0..arguments.len()).any(|at| is_json(at) || is_pair(at))
}

/// Resolves all settings of the process.
pub(crate) fn resolve(global: &GlobalArgs) -> Result<Settings, Failure> {
    // The processes that hold machines have another working folder.
    let home = path(env_vars::HOME).map(|home| std::path::absolute(&home).unwrap_or(home));
    // Without the variable, the home folder of the user database.
    let user = path(foreign::HOME).or_else(|| env::home_dir().filter(|home| home.is_absolute()));
    let xdg = |variable: &str, fallback: &str| {
        path(variable)
            .filter(|folder| folder.is_absolute())
            .or_else(|| user.as_ref().map(|user| user.join(fallback)))
            .map(|folder| folder.join("lazaret"))
    };
    let folder = |within: &str, standard: Option<PathBuf>| {
        home.as_ref()
            .map(|home| home.join(within))
            .or(standard)
            .ok_or_else(|| {
                Failure::usage_with(
                    "neither LAZARET_HOME nor HOME is set",
                    "set LAZARET_HOME to a folder that Lazaret may write to",
                )
            })
    };
    let data = folder("data", xdg(foreign::XDG_DATA_HOME, ".local/share"))?;
    let config = folder("config", xdg(foreign::XDG_CONFIG_HOME, ".config"))?;
    let cache = folder("cache", xdg(foreign::XDG_CACHE_HOME, ".cache"))?;
    // Machines need a folder with room for disks, and XDG_RUNTIME_DIR is in memory.
    let runtime = data.join("run");
    let accelerator = match text(env_vars::ACCELERATOR).as_deref() {
        None | Some("" | "auto") => None,
        Some("kvm") => Some(Accelerator::Kvm),
        Some("tcg") => Some(Accelerator::Tcg),
        Some(other) => {
            return Err(Failure::usage(format!(
                "{} is '{other}', not auto, kvm or tcg",
                env_vars::ACCELERATOR
            )));
        }
    };
    let kernel_origin = match text(env_vars::KERNEL_SOURCE) {
        Some(text) if text == "none" => KernelOrigin::Never,
        Some(text) if text != "auto" => KernelOrigin::Named(text),
        _ => KernelOrigin::Any,
    };
    let catalogues = match path(env_vars::CATALOGUE) {
        Some(paths) => env::split_paths(&paths).collect(),
        None => {
            let standard = config.join("catalogue.json");
            standard.exists().then_some(standard).into_iter().collect()
        }
    };
    Ok(Settings {
        catalogues,
        credentials: CredentialFiles {
            own: Some(
                path(env_vars::CREDENTIALS).unwrap_or_else(|| config.join("credentials.json")),
            ),
            docker_auth_config: text(foreign::DOCKER_AUTH_CONFIG).map(Secret::new),
            registry_auth_file: path(foreign::REGISTRY_AUTH_FILE),
            runtime: path(foreign::XDG_RUNTIME_DIR).map(|folder| folder.join(CONTAINERS)),
            config: path(foreign::XDG_CONFIG_HOME)
                .or_else(|| user.as_ref().map(|user| user.join(".config")))
                .map(|folder| folder.join(CONTAINERS)),
            docker: path(foreign::DOCKER_CONFIG)
                .or_else(|| user.as_ref().map(|user| user.join(".docker")))
                .map(|folder| folder.join("config.json")),
            ..CredentialFiles::default()
        },
        data,
        cache,
        runtime,
        plain_http: list(env_vars::PLAIN_HTTP),
        plain_http_all: global.plain_http == Some(true),
        tls: list(env_vars::TLS),
        tls_all: global.plain_http == Some(false),
        certs_d: vec![
            config.join("certs.d"),
            PathBuf::from("/etc/containers/certs.d"),
            PathBuf::from("/etc/docker/certs.d"),
        ],
        ca_files: path(env_vars::CA_FILE).into_iter().collect(),
        search_path: env::var_os(foreign::PATH).unwrap_or_default(),
        session_bus: session_bus(),
        holder: own_command("hold"),
        trust: trust(),
        kernel_origin,
        accelerator,
        firecracker: path(env_vars::FIRECRACKER),
        cloud_hypervisor: path(env_vars::CLOUD_HYPERVISOR),
        source_date_epoch: text(foreign::SOURCE_DATE_EPOCH).and_then(|text| text.parse().ok()),
    })
}

/// What the environment says about builds of kernels and guest images.
pub(crate) fn builds() -> Result<BuildSettings, Failure> {
    let size = text(env_vars::port::IMAGE_SIZE).map(|text| {
        // Port gives it to `truncate`, where a letter is a power of 1024.
        let whole = match text.chars().last() {
            Some('K' | 'M' | 'G') => format!("{text}iB"),
            _ => text,
        };
        whole
            .parse::<Size>()
            .map_err(|error| Failure::usage(format!("{}: {error}", env_vars::port::IMAGE_SIZE)))
    });
    Ok(BuildSettings {
        pvm_flake: text(env_vars::port::PVM_FLAKE),
        guest: GuestSettings {
            busybox: path(env_vars::port::BUSYBOX),
            size: size.transpose()?,
        },
    })
}

/// The address of the session's bus, unless the user wants no keyring.
fn session_bus() -> Option<String> {
    if text(env_vars::KEYRING).as_deref() == Some("off") {
        return None;
    }
    let usual = || {
        let socket = path(foreign::XDG_RUNTIME_DIR)?.join("bus");
        socket
            .exists()
            .then(|| format!("unix:path={}", socket.display()))
    };
    text(foreign::DBUS_SESSION_BUS_ADDRESS).or_else(usual)
}

/// Where the daemon listens when nothing else is said: beside the other sockets of the user's session,
/// or with the data, if that is in a place of its own.
pub(crate) fn api_socket(settings: &Settings) -> PathBuf {
    const NAME: &str = "api.sock";
    let runtime = path(foreign::XDG_RUNTIME_DIR)
        .filter(|folder| folder.is_absolute() && path(env_vars::HOME).is_none());
    match runtime {
        Some(folder) => folder.join("lazaret").join(NAME),
        None => settings.data.join(NAME),
    }
}

/// The socket that the service manager has opened for this process (sd_listen_fds(3)).
pub(crate) fn passed_socket() -> Result<Option<OwnedFd>, Failure> {
    let is_for_us =
        text(foreign::LISTEN_PID).is_some_and(|process| process == std::process::id().to_string());
    if !is_for_us {
        return Ok(None);
    }
    match text(foreign::LISTEN_FDS).as_deref() {
        Some("1") => {}
        count => {
            return Err(Failure::usage(format!(
                "{} is '{}', and there is one socket to listen on",
                foreign::LISTEN_FDS,
                count.unwrap_or_default()
            )));
        }
    }
    let taken =
        take_passed().map_err(|error| Failure::io("take the socket that was passed", error));
    taken.map(Some)
}

/// Takes the file that was passed, and keeps it from the processes that this one starts.
#[allow(unsafe_code)]
fn take_passed() -> std::io::Result<OwnedFd> {
    const PASSED: i32 = 3;
    // SAFETY: the descriptor is only borrowed, for two system calls that fail if it is not open. It is
    // never closed, so whoever else has it keeps it.
    let passed = unsafe { BorrowedFd::borrow_raw(PASSED) };
    let own = passed.try_clone_to_owned()?;
    rustix::io::fcntl_setfd(passed, rustix::io::FdFlags::CLOEXEC)?;
    Ok(own)
}

/// The first argument of a pack that makes the others Lazaret's.
pub(crate) const OWN_WORDS: &str = "--lazaret";

/// The words of the command line, the program's name first.
pub(crate) fn words() -> Vec<OsString> {
    env::args_os().collect()
}

/// A command of this very program, even if its file was replaced meanwhile.
pub(crate) fn own_command(name: &str) -> Vec<OsString> {
    let words = ["/proc/self/exe", OWN_WORDS, name];
    // The arguments of a pack are its workload's.
    let is_needed = |word: &&str| *word != OWN_WORDS || lazaret_supervisor::is_program_of_pack();
    words
        .into_iter()
        .filter(is_needed)
        .map(Into::into)
        .collect()
}

/// The variables that say which authorities this host trusts: what starts without an environment gets them.
pub(crate) fn trust() -> Vec<(&'static str, OsString)> {
    let file = path(foreign::SSL_CERT_FILE).and_then(|file| std::path::absolute(file).ok());
    let folders = env::var_os(foreign::SSL_CERT_DIR).filter(|folders| !folders.is_empty());
    let file = file.map(|file| (foreign::SSL_CERT_FILE, file.into_os_string()));
    let folders = folders.map(|folders| (foreign::SSL_CERT_DIR, folders));
    file.into_iter().chain(folders).collect()
}

/// Whether standard error is a terminal on which lines can be written again.
pub(crate) fn is_lively() -> bool {
    let is_dumb = env::var_os(foreign::TERM).is_some_and(|term| term == "dumb");
    std::io::stderr().is_terminal() && !is_dumb
}

/// Whether colours are for the reader of standard error: a terminal that knows them, and nobody
/// said no (<https://no-color.org>).
pub(crate) fn has_colors() -> bool {
    let says = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    is_lively() && !says(foreign::NO_COLOR)
}

/// `NAME=value` as it is; `NAME` with this process's value, or empty when it has none.
pub(crate) fn expand_env(entry: &str) -> Option<String> {
    if entry.contains('=') {
        return Some(entry.to_owned());
    }
    let value = env::var(entry).ok()?;
    Some(format!("{entry}={value}"))
}

/// The value of a variable that a document names, such as that of a token.
pub(crate) fn named_variable(name: &str) -> Option<Secret> {
    text(name).map(Secret::new)
}

/// The variables that give settings of `serve`.
#[cfg(feature = "serve")]
pub(crate) fn serve_variables() -> Vec<(String, String)> {
    env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, value)| {
            name.starts_with(env_vars::serve::PREFIX)
                && name != env_vars::serve::CONFIG
                && !value.is_empty()
        })
        .collect()
}

/// The notification socket of the service manager.
#[cfg(feature = "serve")]
pub(crate) fn notify_socket() -> Option<PathBuf> {
    path(env_vars::serve::NOTIFY_SOCKET)
}

fn path(variable: &str) -> Option<PathBuf> {
    env::var_os(variable)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}

fn text(variable: &str) -> Option<String> {
    env::var(variable).ok().filter(|value| !value.is_empty())
}

fn list(variable: &str) -> Vec<String> {
    let text = text(variable).unwrap_or_default();
    text.split(',')
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
        .map(str::to_owned)
        .collect()
}
