use std::io::Write as _;

use lazaret_supervisor::{Event, LogReader, LogRecord, LogStream};

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
        let mut log = home.machine_log(&found);
        let mut lines = Lines::new(self.timestamps);
        if let Tail(Some(count)) = self.tail {
            lines.skip = count_lines(&mut home.machine_log(&found), self.since, self.until)?
                .saturating_sub(count as u64);
        }
        loop {
            while let Some(record) = log.next_record()? {
                if self.until.is_some_and(|until| record.time >= until) {
                    return Ok(());
                }
                if self.since.is_none_or(|since| record.time >= since) {
                    lines.show(&record)?;
                }
            }
            let Some(session) = &mut changes else {
                return Ok(());
            };
            match session.events.next().await {
                Ok(Event::Ended(_)) | Err(_) => changes = None,
                Ok(_) => {}
            }
        }
    }
}

/// Number of lines in a part of a log, an unfinished one included.
fn count_lines(
    log: &mut LogReader,
    since: Option<u64>,
    until: Option<u64>,
) -> Result<u64, Failure> {
    let mut lines = 0;
    let mut unfinished = [false; 2];
    while let Some(record) = log.next_record()? {
        if until.is_some_and(|until| record.time >= until) {
            break;
        }
        if since.is_some_and(|since| record.time < since) {
            continue;
        }
        let ends = record.bytes.iter().filter(|byte| **byte == b'\n').count();
        lines += ends as u64;
        unfinished[record.stream as usize] = record.bytes.last() != Some(&b'\n');
    }
    Ok(lines + unfinished.iter().filter(|unfinished| **unfinished).count() as u64)
}

/// Writes records, each line with its time if that is asked for.
struct Lines {
    timestamps: bool,
    /// Number of lines that are still to be left out.
    skip: u64,
    /// Whether a line is unfinished, for each stream.
    unfinished: [bool; 2],
}

impl Lines {
    fn new(timestamps: bool) -> Self {
        Self {
            timestamps,
            skip: 0,
            unfinished: [false; 2],
        }
    }

    fn show(&mut self, record: &LogRecord) -> Result<(), Failure> {
        let mut text = Vec::with_capacity(record.bytes.len());
        let unfinished = &mut self.unfinished[record.stream as usize];
        for line in record.bytes.split_inclusive(|byte| *byte == b'\n') {
            let is_whole = line.last() == Some(&b'\n');
            if self.skip == 0 {
                if self.timestamps && !*unfinished {
                    text.extend(format!("{} ", time::stamp(record.time)).bytes());
                }
                text.extend_from_slice(line);
            } else if is_whole {
                self.skip -= 1;
            }
            *unfinished = !is_whole;
        }
        match record.stream {
            LogStream::Output => {
                let mut stdout = std::io::stdout().lock();
                stdout.write_all(&text)?;
                stdout.flush()?;
            }
            LogStream::Errors => std::io::stderr().lock().write_all(&text)?,
        }
        Ok(())
    }
}
