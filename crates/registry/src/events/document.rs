//! Formats events as CloudEvents 1.0 in structured JSON.

#[cfg(test)]
mod tests;

use std::time::SystemTime;

use lazaret_oci::Repository;
use serde_json::{Value, json};

use super::target::Kind;

/// A change or transfer of content that targets are notified of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Happening<'a> {
    pub(crate) kind: Kind,
    pub(crate) repository: &'a Repository,
    pub(crate) digest: Option<&'a str>,
    pub(crate) tag: Option<&'a str>,
    pub(crate) media_type: Option<&'a str>,
    /// The name of the user who caused it.
    pub(crate) user: Option<&'a str>,
    /// The id of the request that caused it.
    pub(crate) request: &'a str,
    /// The trace context of the request.
    pub(crate) traceparent: &'a str,
}

impl Happening<'_> {
    fn type_name(&self) -> &'static str {
        match self.kind {
            Kind::ManifestPushed => "dev.lazaret.registry.manifest.pushed",
            Kind::ManifestPulled => "dev.lazaret.registry.manifest.pulled",
            Kind::ManifestDeleted => "dev.lazaret.registry.manifest.deleted",
            Kind::TagDeleted => "dev.lazaret.registry.tag.deleted",
            Kind::BlobDeleted => "dev.lazaret.registry.blob.deleted",
        }
    }

    pub(super) fn document(&self, id: &str, time: SystemTime) -> Value {
        let mut data = json!({ "repository": self.repository.as_str(), "request": self.request });
        let facts = [
            ("digest", self.digest),
            ("tag", self.tag),
            ("mediaType", self.media_type),
            ("user", self.user),
        ];
        for (name, value) in facts {
            if let Some(value) = value {
                data[name] = value.into();
            }
        }
        json!({
            "specversion": "1.0",
            "id": id,
            "source": "/lazaret/registry",
            "type": self.type_name(),
            "subject": self.repository.as_str(),
            "time": timestamp(time),
            "datacontenttype": "application/json",
            "traceparent": self.traceparent,
            "data": data,
        })
    }
}

/// Formats a time as RFC 3339 in UTC, with milliseconds.
fn timestamp(time: SystemTime) -> String {
    let since = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let seconds = since.as_secs();
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // Converts days to a date, with 400-year eras that begin in March (Hinnant, "chrono-compatible
    // low-level date algorithms").
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:03}Z",
        second / 3600,
        second / 60 % 60,
        second % 60,
        since.subsec_millis()
    )
}
