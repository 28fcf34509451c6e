//! Shows the progress of transfers: bars on a terminal, one line per blob elsewhere, nothing when
//! quiet.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use lazaret_client::Progress;
use lazaret_oci::{Descriptor, Digest};
use lazaret_supervisor::ProgressSink;

use crate::printer::{Printer, bytes};

/// Size of the smallest blob that is shown, in bytes.
const MENTIONED: u64 = 1024 * 1024;

/// The bars of one command.
pub(crate) struct Bars {
    shared: Arc<Shared>,
}

struct Shared {
    printer: Printer,
    interactive: bool,
    group: MultiProgress,
    bars: Mutex<HashMap<Digest, ProgressBar>>,
}

impl Bars {
    pub(crate) fn new(printer: Printer) -> Self {
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
    }
}

impl Shared {
    fn bars(&self) -> std::sync::MutexGuard<'_, HashMap<Digest, ProgressBar>> {
        self.bars.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress for Shared {
    fn started(&self, item: &Descriptor) {
        if !self.interactive || item.size < MENTIONED {
            return;
        }
        let style = ProgressStyle::with_template(
            "{prefix} {bar:32} {bytes:>10}/{total_bytes:10} {bytes_per_sec:>12} {eta:>4}",
        )
        .unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = self
            .group
            .add(ProgressBar::new(item.size).with_style(style));
        bar.set_prefix(item.digest.short().to_owned());
        self.bars().insert(item.digest.clone(), bar);
    }

    fn advanced(&self, item: &Descriptor, bytes: u64) {
        if let Some(bar) = self.bars().get(&item.digest) {
            bar.inc(bytes);
        }
    }

    fn finished(&self, item: &Descriptor) {
        if let Some(bar) = self.bars().remove(&item.digest) {
            bar.finish_and_clear();
        } else if !self.interactive && item.size >= MENTIONED {
            self.printer
                .note(&format!("{} {}", item.digest.short(), bytes(item.size)));
        }
    }
}
