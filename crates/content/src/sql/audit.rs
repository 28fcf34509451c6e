//! Whether what is stored fits together, for tests.

use super::SqlMetadata;
use super::access::read;
use super::fault::Fault;
use super::values::{Columns as _, collect};

/// Each finds what must not be; the first column says where.
const FAULTS: &[(&str, &str)] = &[
    (
        "counts other bytes than it holds",
        "SELECT name FROM repositories WHERE bytes <> \
         (SELECT coalesce(sum(size), 0) FROM links WHERE repository = name)",
    ),
    (
        "counts other manifests than it holds",
        "SELECT name FROM repositories WHERE manifests <> \
         (SELECT count(*) FROM manifests WHERE repository = name)",
    ),
    (
        "a tag points to nothing",
        "SELECT tags.repository FROM tags LEFT JOIN manifests \
          ON manifests.repository = tags.repository AND manifests.digest = tags.digest \
         WHERE manifests.digest IS NULL",
    ),
    (
        "a manifest names a blob that is not linked",
        "SELECT edge.repository FROM manifest_blobs AS edge LEFT JOIN links \
          ON links.repository = edge.repository AND links.digest = edge.blob \
         WHERE links.digest IS NULL",
    ),
    (
        "a linked blob has no object",
        "SELECT links.repository FROM links LEFT JOIN blobs ON blobs.digest = links.digest \
         WHERE blobs.digest IS NULL",
    ),
    (
        "an object in use is garbage",
        "SELECT object FROM blobs WHERE object IN (SELECT object FROM garbage) \
         OR object IN (SELECT id FROM uploads)",
    ),
    (
        "an upload is garbage",
        "SELECT id FROM uploads WHERE id IN (SELECT object FROM garbage)",
    ),
];

impl SqlMetadata {
    /// Everything that does not fit together.
    pub(crate) async fn audit(&self) -> Vec<String> {
        let mut faults = Vec::new();
        for (fault, query) in FAULTS {
            let found = read!(self, "audit", |connection| async {
                let rows = sqlx::query(*query).fetch_all(&mut *connection).await?;
                let places: Result<_, Fault> = collect(&rows, |row| row.text(0));
                places
            });
            let places: Vec<String> = found.unwrap();
            faults.extend(places.iter().map(|place| format!("{place}: {fault}")));
        }
        faults
    }

    /// Runs a statement behind the port's back.
    pub(crate) async fn tamper(&self, statement: &'static str) {
        use sqlx::Executor as _;
        let worth = super::access::Worth::Durable;
        let mut loan = self.access.writer(worth).await.unwrap();
        loan.execute(statement).await.unwrap();
    }
}
