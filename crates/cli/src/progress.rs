//! Shows the progress of transfers: on a terminal a bar for each blob and a line with the sum of
//! all, elsewhere one line for each blob that is done, nothing when quiet.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use lazaret_client::Progress;
use lazaret_oci::{Descriptor, Digest};
use lazaret_supervisor::ProgressSink;

use crate::printer::{Printer, bytes};

/// Size of the smallest blob that is shown, in bytes.
const MENTIONED: u64 = 1024 * 1024;

/// One blob, as wide as the terminal; 40 columns are enough.
const BLOB: &str = "{prefix} {wide_bar} {percent:>3}%";
/// The sum of all blobs.
const TOTAL: &str = "{prefix} {bytes}/{total_bytes} {bytes_per_sec} {eta}";

/// The bars of one command.
pub(crate) struct Bars {
    shared: Arc<Shared>,
}

struct Shared {
    printer: Printer,
    interactive: bool,
    /// What is done with the blobs, in one word.
    verb: &'static str,
    group: MultiProgress,
    /// The line below the bars; made with the first bar.
    total: OnceLock<ProgressBar>,
    bars: Mutex<HashMap<Digest, ProgressBar>>,
}

impl Bars {
    pub(crate) fn new(printer: Printer, verb: &'static str) -> Self {
        let interactive = printer.interactive();
        let target = if interactive {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        Self {
            shared: Arc::new(Shared {
                printer,
                interactive,
                verb,
                total: OnceLock::new(),
                group: MultiProgress::with_draw_target(target),
                bars: Mutex::default(),
            }),
        }
    }

    /// The receiver of progress reports of transfers.
    pub(crate) fn sink(&self) -> ProgressSink {
        Arc::clone(&self.shared) as ProgressSink
    }

    /// Removes all bars from the screen.
    pub(crate) fn clear(&self) {
        for (_, bar) in self.shared.bars().drain() {
            bar.finish_and_clear();
        }
        if let Some(total) = self.shared.total.get() {
            total.finish_and_clear();
        }
    }
}

impl Shared {
    fn bars(&self) -> std::sync::MutexGuard<'_, HashMap<Digest, ProgressBar>> {
        self.bars.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn total(&self) -> &ProgressBar {
        self.total.get_or_init(|| {
            let bar = ProgressBar::new(0).with_style(style(TOTAL));
            let bar = self.group.add(bar);
            bar.set_prefix(self.verb);
            bar
        })
    }
}

impl Progress for Shared {
    fn started(&self, item: &Descriptor) {
        if !self.interactive || item.size < MENTIONED {
            return;
        }
        let total = self.total();
        total.inc_length(item.size);
        let bar = ProgressBar::new(item.size).with_style(style(BLOB));
        let bar = self.group.insert_before(total, bar);
        bar.set_prefix(item.digest.short().to_owned());
        self.bars().insert(item.digest.clone(), bar);
    }

    fn advanced(&self, item: &Descriptor, bytes: u64) {
        if let Some(bar) = self.bars().get(&item.digest) {
            bar.inc(bytes);
            self.total().inc(bytes);
        }
    }

    fn finished(&self, item: &Descriptor) {
        if let Some(bar) = self.bars().remove(&item.digest) {
            bar.finish_and_clear();
        } else if !self.interactive && item.size >= MENTIONED {
            self.printer.note(&format!(
                "{} {} {}",
                self.verb,
                item.digest.short(),
                bytes(item.size)
            ));
        }
    }

    fn note(&self, what: &str) {
        self.group.suspend(|| self.printer.note(what));
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// A line that says what is being waited for, on a terminal only. It goes with this value at the
/// latest.
pub(crate) struct Line {
    bar: ProgressBar,
}

impl Line {
    pub(crate) fn new(printer: Printer, text: &str) -> Self {
        let target = match printer.interactive() {
            true => ProgressDrawTarget::stderr(),
            false => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(None, target);
        bar.set_style(style("{spinner} {msg}"));
        bar.set_message(text.to_owned());
        bar.enable_steady_tick(std::time::Duration::from_millis(100));
        Self { bar }
    }

    /// Says something else.
    pub(crate) fn say(&self, text: &str) {
        self.bar.set_message(text.to_owned());
    }

    /// Takes the line away while something is printed.
    pub(crate) fn aside(&self, print: impl FnOnce()) {
        self.bar.suspend(print);
    }

    /// Removes the line.
    pub(crate) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.clear();
    }
}
