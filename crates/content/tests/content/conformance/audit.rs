//! Audits the tables of a database for consistency, over a connection of its own beside
//! the adapter.

use sqlx::{AnyConnection, Connection as _, Executor as _, Row as _};

use super::databases::Place;

/// Faults, each with a query that finds it; the first column names the place.
const FAULTS: &[(&str, &str)] = &[
    (
        "counts other bytes than it holds",
        "SELECT name FROM repositories WHERE bytes <> \
         (SELECT coalesce(sum(size), 0) FROM links WHERE repository = name) + \
         (SELECT coalesce(sum(size), 0) FROM manifests WHERE repository = name)",
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

impl Place {
    /// All faults that are found.
    pub(crate) async fn audit(&self) -> Vec<String> {
        let mut connection = self.connect().await;
        let mut faults = Vec::new();
        for (fault, query) in FAULTS {
            let rows = connection.fetch_all(*query).await.unwrap();
            let places = rows.iter().map(|row| row.get::<String, _>(0));
            faults.extend(places.map(|place| format!("{place}: {fault}")));
        }
        connection.close().await.unwrap();
        faults
    }

    /// Runs a statement behind the adapter's back.
    pub(crate) async fn tamper(&self, statement: &'static str) {
        let mut connection = self.connect().await;
        connection.execute(statement).await.unwrap();
        connection.close().await.unwrap();
    }

    async fn connect(&self) -> AnyConnection {
        sqlx::any::install_default_drivers();
        AnyConnection::connect(&self.url()).await.unwrap()
    }
}
