//! The command line `lazaret`: takes arguments and settings, gives results and exit statuses.
//!
//! The work is done in `lazaret-supervisor` and, with the feature `serve`, in `lazaret-registry`.
//! Only this crate reads the environment, prints, installs signal handlers and names flags.

mod attach;
mod changed_text;
mod commands;
mod context;
mod env_vars;
mod exit;
mod failure;
mod format;
mod help;
mod hints;
mod packed;
mod printer;
mod progress;
mod report;
mod settings;
mod signals;
mod table;
mod template;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser};
use context::Context;
use failure::Failure;
use printer::Printer;

/// Distributes, converts and runs sandboxed agents from an OCI registry.
#[derive(Debug, Parser)]
#[command(
    name = "lazaret",
    version = env!("LAZARET_VERSION"),
    max_term_width = 100,
    disable_help_subcommand = true
)]
struct Cli {
    #[command(flatten)]
    global: settings::GlobalArgs,
    #[command(subcommand)]
    command: commands::Command,
}

fn main() -> ExitCode {
    let arguments = match packed::arguments() {
        Ok(arguments) => arguments,
        Err(failure) => return packed::refuse(&failure),
    };
    let matches = help::grouped(Cli::command()).try_get_matches_from(arguments);
    let cli = match matches.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) => return refuse(&error),
    };
    let printer = Printer {
        quiet: cli.global.quiet,
        format: cli.global.format,
    };
    if !cli.command.logs_itself() {
        start_logging(&cli.global);
    }
    if let Some(status) = cli.command.run_alone() {
        return status;
    }
    let fallback = cli.command.failure_status();
    // It confines itself, so it comes before there are threads.
    if let commands::Command::Share(args) = cli.command {
        return match args.run() {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => ExitCode::from(report::report(&failure, printer, fallback)),
        };
    }
    let outcome = settings::resolve(&cli.global)
        .map(|settings| Context {
            settings,
            printer,
            #[cfg(feature = "serve")]
            log: cli.global.log().map(str::to_owned),
            grammar: Cli::command(),
        })
        .and_then(|context| {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .build()
                .map_err(|error| Failure::io("start the runtime", error))?;
            let outcome = runtime.block_on(cli.command.run(&context));
            // A thread that is blocked on standard input must not delay the exit.
            runtime.shutdown_background();
            outcome
        });
    match outcome {
        Ok(status) => ExitCode::from(status),
        Err(failure) => ExitCode::from(report::report(&failure, printer, fallback)),
    }
}

/// Prints why the arguments were not understood, or the help that they ask for.
fn refuse(error: &clap::Error) -> ExitCode {
    if error.use_stderr() && settings::asks_for_json() {
        let text = error.to_string();
        let mut paragraphs = text.split("\n\n").map(str::trim);
        let message = paragraphs.next().unwrap_or_default();
        let message = message.strip_prefix("error: ").unwrap_or(message);
        let (message, hint) = match error.kind() {
            // Its text is the help.
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
                ("a command is missing", Some("--help lists the commands"))
            }
            _ => {
                let mut rest = paragraphs.clone();
                let tip = rest.find_map(|text| text.strip_prefix("tip: "));
                (message, tip.or(paragraphs.last()))
            }
        };
        let printer = Printer {
            quiet: false,
            format: format::Format::Json,
        };
        printer.failure(message, hint, exit::USAGE);
    } else {
        // Where it cannot be printed, there is no other place to say so.
        let _ = error.print();
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(exit::USAGE))
}

fn start_logging(global: &settings::GlobalArgs) {
    let filter = tracing_subscriber::EnvFilter::try_new(global.log().unwrap_or("warn"))
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(settings::has_colors())
        .with_target(false)
        // Where standard error cannot be written, there is no other place to say it.
        .log_internal_errors(false)
        .init();
}
