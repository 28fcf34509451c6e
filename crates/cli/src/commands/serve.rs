mod flags;
mod logging;

use std::path::PathBuf;

use lazaret_registry::config::{Fault, Overrides, schema};
use lazaret_registry::{Instance, Notifier, Root, Signals, Source, StageChoice};
use tokio::sync::mpsc;

use crate::context::Context;
use crate::env_vars;
use crate::failure::Failure;
use crate::{settings, signals};
use flags::SettingFlags;

/// Serve a registry
///
/// Prints `listening on http://ADDR` (`https://` with TLS) on standard output once it accepts
/// connections, and finishes the requests under way when it is asked to stop. Every setting of
/// the configuration file is also a flag and an environment variable: `storage.s3.url` is
/// `--storage-s3-url` and `LAZARET_SERVE_STORAGE_S3_URL`. Flags come before variables, variables
/// before the file. `--help-all` lists all of them.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Configuration file, TOML; read again when it changes and on SIGHUP
    #[arg(long, value_name = "FILE", env = env_vars::serve::CONFIG)]
    config: Option<PathBuf>,
    /// Check the settings and exit: nothing is opened and no network is used
    #[arg(long)]
    check: bool,
    /// Print the JSON Schema of the configuration file and exit
    #[arg(long)]
    print_schema: bool,
    /// Print every setting with its flag, variable and default and exit
    #[arg(long)]
    help_all: bool,
    #[command(flatten)]
    settings: SettingFlags,
}

impl Args {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        if self.print_schema {
            let text = serde_json::to_string_pretty(&schema()).map_err(std::io::Error::other)?;
            context.printer.data(&text)?;
            return Ok(());
        }
        if self.help_all {
            context.printer.data(&flags::reference())?;
            return Ok(());
        }
        let mut overrides = Overrides::default();
        overrides.variables(settings::serve_variables());
        for (setting, value) in self.settings.0 {
            overrides.flag(&setting, value);
        }
        let source = Source {
            file: self.config,
            overrides,
            root: Root::Lasting(context.settings.data.join("registry")),
            credentials: context.settings.credentials.clone(),
            stages: StageChoice::All,
            is_mirror: false,
        };
        start(context, source, self.check).await
    }
}

/// Serves a registry, or only checks its settings.
pub(super) async fn start(
    context: &Context,
    source: Source,
    is_check: bool,
) -> Result<(), Failure> {
    lazaret_registry::raise_limit();
    let (config, warnings) = source.read().map_err(|faults| refuse(context, &faults.0))?;
    let log = logging::Log::start(&config.log, context.log.as_deref())?;
    for fault in &warnings {
        warn(context, fault);
    }
    if is_check {
        context.printer.note("the configuration is fine");
        return Ok(());
    }
    serve(context, source, log).await
}

async fn serve(context: &Context, source: Source, log: logging::Log) -> Result<(), Failure> {
    let stop = signals::shutdown().map_err(|e| Failure::io("handle signals", e))?;
    // Without a file SIGHUP ends the process, as it should when the terminal closes.
    let reload = match &source.file {
        Some(_) => signals::reload().map_err(|e| Failure::io("handle signals", e))?,
        None => mpsc::channel(1).1,
    };
    let instance = match Instance::open(source).await {
        Ok(instance) => instance,
        Err(lazaret_registry::Error::Config(faults)) => return Err(refuse(context, &faults.0)),
        Err(error) => return Err(error.into()),
    };
    tokio::spawn(log.follow(instance.configuration()));
    for url in instance.urls() {
        context.printer.data(&format!("listening on {url}"))?;
    }
    if let Some(address) = instance.metrics_address() {
        context
            .printer
            .note(&format!("metrics at http://{address}/metrics"));
    }
    let notifier = Notifier::new(settings::notify_socket());
    instance
        .serve(Signals {
            stop: Box::pin(stop),
            reload,
            notifier,
        })
        .await;
    Ok(())
}

/// Prints the faults, each as `file:line:column: setting: fault`.
pub(super) fn refuse(context: &Context, faults: &[Fault]) -> Failure {
    let mut count = 0;
    for fault in faults {
        if fault.is_warning {
            warn(context, fault);
            continue;
        }
        count += 1;
        context.printer.always(&fault.to_string());
        if let Some(hint) = &fault.hint {
            context.printer.always(&format!("hint: {hint}"));
        }
    }
    Failure::Invalid { faults: count }
}

fn warn(context: &Context, fault: &Fault) {
    context.printer.warning(&fault.to_string());
    if let Some(hint) = &fault.hint {
        context.printer.note(&format!("hint: {hint}"));
    }
}
