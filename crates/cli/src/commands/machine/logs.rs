use std::io::Write as _;

use lazaret_supervisor::{Event, LogPart, LogStream};

use super::time;
use crate::context::Context;
use crate::failure::Failure;

/// Show what the workload of a machine wrote
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Go on until the machine ends
    #[arg(short, long)]
    follow: bool,
    /// Only what was written after this: `10m` ago, `2026-11-29T16:00:00Z`, or seconds since 1970
    #[arg(long, value_name = "TIME", value_parser = time::moment)]
    since: Option<u64>,
    /// Only what was written before this
    #[arg(long, value_name = "TIME", value_parser = time::moment)]
    until: Option<u64>,
    /// Only the last lines
    #[arg(short = 'n', long, value_name = "LINES", value_parser = tail, default_value = "all")]
    tail: Tail,
    /// Show when each line was begun
    #[arg(short, long)]
    timestamps: bool,
    /// Show the console of the guest's kernel instead
    #[arg(long, conflicts_with_all = ["follow", "since", "until", "timestamps"])]
    console: bool,
    /// Name or id
    machine: String,
}

/// Number of lines; `None` for all.
#[derive(Debug, Clone, Copy)]
struct Tail(Option<usize>);

fn tail(text: &str) -> Result<Tail, String> {
    match text {
        "all" => Ok(Tail(None)),
        text => match text.parse() {
            Ok(lines) => Ok(Tail(Some(lines))),
            Err(_) => Err("expected a number of lines, or all".to_owned()),
        },
    }
}

impl Args {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let home = context.home()?;
        let found = home.machine(&self.machine)?;
        if self.console {
            let text = home.machine_console(&found)?;
            let lines: Vec<&str> = text.lines().collect();
            let skipped = lines
                .len()
                .saturating_sub(self.tail.0.unwrap_or(usize::MAX));
            return Ok(context.printer.data(&lines[skipped..].join("\n"))?);
        }
        // Joined before the log is read, so that nothing is missed.
        let mut changes = match self.follow && found.state.life.is_held() {
            true => home
                .holder(&found)
                .await
                .ok()
                .map(|holder| holder.watch())
                .transpose()?,
            false => None,
        };
        let part = LogPart {
            since: self.since,
            until: self.until,
            tail: self.tail.0.map(|lines| lines as u64),
            timestamps: self.timestamps,
        };
        let mut lines = home.machine_log_part(&found, part)?;
        loop {
            while let Some((stream, text)) = lines.next_piece()? {
                show(stream, &text)?;
            }
            let Some(session) = changes.as_mut().filter(|_| !lines.is_over()) else {
                return Ok(());
            };
            match session.events.next().await {
                Ok(Event::Ended(_)) | Err(_) => changes = None,
                Ok(_) => {}
            }
        }
    }
}

fn show(stream: LogStream, text: &[u8]) -> Result<(), Failure> {
    match stream {
        LogStream::Output => {
            let mut stdout = std::io::stdout().lock();
            stdout.write_all(text)?;
            stdout.flush()?;
        }
        LogStream::Errors => std::io::stderr().lock().write_all(text)?,
    }
    Ok(())
}
