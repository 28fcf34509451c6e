//! Measurements of this process, read from `/proc`.

#[cfg(test)]
mod tests;

use std::sync::atomic::AtomicU64;

use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

/// Gauges with the names that Prometheus clients use.
#[derive(Debug, Default)]
pub(super) struct Gauges {
    memory: Gauge,
    files: Gauge,
    threads: Gauge,
    cpu: Gauge<f64, AtomicU64>,
}

impl Gauges {
    pub(super) fn register(&self, registry: &mut Registry) {
        let registry = registry.sub_registry_with_prefix("process");
        registry.register_with_unit(
            "resident_memory",
            "Resident memory",
            Unit::Bytes,
            self.memory.clone(),
        );
        registry.register("open_fds", "Open files", self.files.clone());
        registry.register("threads", "Threads", self.threads.clone());
        registry.register_with_unit(
            "cpu",
            "CPU time, of user and system",
            Unit::Seconds,
            self.cpu.clone(),
        );
    }

    /// Reads `/proc`. Values that cannot be read stay the same.
    pub(super) fn update(&self) {
        if let Ok(files) = std::fs::read_dir("/proc/self/fd") {
            // One entry is the open folder itself.
            self.files
                .set(i64::try_from(files.count()).unwrap_or(i64::MAX) - 1);
        }
        let Ok(text) = std::fs::read_to_string("/proc/self/stat") else {
            return;
        };
        let Some(stat) = Stat::parse(&text) else {
            return;
        };
        let page = i64::try_from(rustix::param::page_size()).unwrap_or(4096);
        self.memory.set(stat.pages.saturating_mul(page));
        self.threads.set(stat.threads);
        let seconds = stat.ticks as f64 / rustix::param::clock_ticks_per_second() as f64;
        self.cpu.set(seconds);
    }
}

/// Some fields of proc_pid_stat(5).
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    ticks: u64,
    threads: i64,
    pages: i64,
}

impl Stat {
    fn parse(text: &str) -> Option<Self> {
        // The program's name is in parentheses and may contain any character.
        let (_, fields) = text.rsplit_once(") ")?;
        let fields: Vec<&str> = fields.split(' ').collect();
        // The first of these fields is field 3 in the manual.
        let field = |number: usize| fields.get(number - 3).copied();
        Some(Self {
            ticks: field(14)?
                .parse::<u64>()
                .ok()?
                .checked_add(field(15)?.parse().ok()?)?,
            threads: field(20)?.parse().ok()?,
            pages: field(24)?.trim_end().parse().ok()?,
        })
    }
}
