//! Tests that, with many tags, repositories and blobs, pages and look-ups read ranges of indexes
//! and do not sort.

use std::sync::Arc;

use sqlx::Row as _;

use super::{manifest, repository, sqlite};
use crate::sql::dialect::Dialect;
use crate::sql::{blobs, collection, listings, manifests, removal, uploads};
use crate::{Metadata as _, Page, SqlMetadata, SystemClock};

/// Fills a database with `tags` tags in one repository and a tenth as many repositories, blobs
/// and referrers.
async fn fill(db: &SqlMetadata, tags: u32) {
    let subject = manifest(b"m", &[]);
    db.put_manifest(&repository("big"), subject).await.unwrap();
    let few = tags / 10;
    let numbers = |most: u32| {
        format!(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {most}) "
        )
    };
    for (most, statement) in [
        (
            tags,
            "INSERT INTO tags (repository, name, digest, updated) \
             SELECT repository, 't' || CAST(i AS TEXT), digest, i FROM n, manifests",
        ),
        (
            few,
            "INSERT INTO repositories (name, manifests) \
             SELECT 'r' || CAST(i AS TEXT), i % 2 FROM n",
        ),
        (
            few,
            "INSERT INTO blobs (digest, object, size, linked) \
             SELECT 'sha256:' || CAST(i AS TEXT), 'o' || CAST(i AS TEXT), 1, i FROM n",
        ),
        (
            few,
            "INSERT INTO links (repository, digest, size, leased) \
             SELECT 'big', 'sha256:' || CAST(i AS TEXT), 1, i FROM n",
        ),
        (
            few,
            "INSERT INTO manifests (repository, digest, media_type, size, pushed, subject, \
              artifact_type, referrer, bytes) \
             SELECT 'big', 'sha256:' || CAST(i AS TEXT), '', 1, i, m.digest, \
              'type' || CAST(i % 7 AS TEXT), '{}', m.bytes FROM n, manifests AS m",
        ),
        (
            few,
            "INSERT INTO manifest_blobs (repository, manifest, blob) \
             SELECT 'big', 'sha256:' || CAST(i AS TEXT), 'sha256:' || CAST(i AS TEXT) FROM n",
        ),
        (
            few,
            "INSERT INTO uploads (id, repository, algorithm, size, active) \
             SELECT 'u' || CAST(i AS TEXT), 'big', 'sha256', 0, i FROM n",
        ),
        (
            few,
            "INSERT INTO garbage (object, since, size) \
             SELECT 'g' || CAST(i AS TEXT), i, 0 FROM n",
        ),
    ] {
        // SQLite expects the common table expression before its query.
        let at = statement.find("SELECT").unwrap();
        let statement = format!("{}{}{}", &statement[..at], numbers(most), &statement[at..]);
        db.tamper(Box::leak(statement.into_boxed_str())).await;
    }
}

/// The statements whose cost must not grow with the size of the database.
fn statements(dialect: Dialect) -> Vec<&'static str> {
    vec![
        manifests::BY_TAG,
        manifests::BY_DIGEST,
        manifests::missing_blobs(dialect),
        manifests::missing_manifests(dialect),
        manifests::DELETE_UNTAGGED,
        blobs::GET,
        blobs::REPOSITORIES,
        uploads::EXPIRE,
        uploads::USED,
        listings::TAGS,
        listings::REPOSITORIES,
        listings::ALL_REPOSITORIES,
        listings::REFERRERS,
        listings::REFERRERS_OF_TYPE,
        collection::UNUSED_LINKS,
        collection::UNUSED_BLOBS,
        collection::GARBAGE,
        collection::BLOBS,
        collection::unknown_statement(dialect),
        removal::drop_links_statement(dialect),
        removal::condemn_statement(dialect),
    ]
}

async fn plan(db: &SqlMetadata, statement: &str) -> Vec<String> {
    let explain = format!("EXPLAIN QUERY PLAN {statement}");
    let mut loan = db.access.reader().await.unwrap();
    let rows = sqlx::query(sqlx::AssertSqlSafe(explain))
        .fetch_all(&mut *loan)
        .await
        .unwrap();
    rows.iter().map(|row| row.get::<String, _>(3)).collect()
}

async fn plans_use_indexes(db: &SqlMetadata) {
    for statement in statements(Dialect::Sqlite) {
        let plan = plan(db, statement).await;
        assert!(!plan.is_empty(), "{statement}");
        for step in &plan {
            // Only the list in a parameter is read as a whole.
            let whole = step.starts_with("SCAN")
                && !step.starts_with("SCAN list")
                && step != "SCAN CONSTANT ROW";
            let sorts = step.contains("TEMP B-TREE");
            assert!(!whole && !sorts, "{statement}\n{plan:#?}");
        }
    }
}

/// Reads all pages, and looks up both ends and one entry in the middle.
async fn pages_are_right(db: &SqlMetadata, tags: u32) {
    let name = repository("big");
    let mut expected: Vec<String> = (1..=tags).map(|number| format!("t{number}")).collect();
    expected.sort();
    for at in [0, expected.len() / 2, expected.len() - 4] {
        let page = Page {
            last: at.checked_sub(1).map(|before| expected[before].clone()),
            limit: Some(3),
        };
        let found = db.tags(&name, page).await.unwrap().unwrap();
        let found_tags: Vec<_> = found.items.iter().map(|tag| tag.as_str()).collect();
        assert_eq!(found_tags, expected[at..at + 3]);
        assert!(found.more);
    }
    // Repositories with an even number have no manifests.
    let mut expected: Vec<String> = (1..=tags / 10)
        .filter(|number| number % 2 == 1)
        .map(|number| format!("r{number}"))
        .collect();
    expected.sort();
    let at = expected.len() / 2;
    let page = Page {
        last: Some(expected[at - 1].clone()),
        limit: Some(3),
    };
    let found = db.repositories(page).await.unwrap();
    let names: Vec<_> = found.items.iter().map(|name| name.as_str()).collect();
    assert_eq!(names, expected[at..at + 3]);
}

async fn many(tags: u32) {
    let folder = tempfile::tempdir().unwrap();
    let db = sqlite(folder.path()).await;
    plans_use_indexes(&db).await;
    fill(&db, tags).await;
    plans_use_indexes(&db).await;
    db.tamper("ANALYZE").await;
    drop(db);
    // With statistics, the planner might decide otherwise.
    let db = sqlite(folder.path()).await;
    plans_use_indexes(&db).await;
    pages_are_right(&db, tags).await;
}

#[tokio::test]
async fn pages_and_look_ups_use_indexes() {
    many(20_000).await;
}

/// With a million tags in one repository and 100,000 repositories, which takes a while to fill.
#[tokio::test]
#[ignore = "fills a database of a gigabyte"]
async fn pages_and_look_ups_use_indexes_with_a_million_tags() {
    many(1_000_000).await;
}

#[tokio::test]
async fn postgres_pages_use_indexes() {
    let url = lazaret_testing::postgres::database();
    let db = SqlMetadata::postgres(&url, 8, Arc::new(SystemClock)).await;
    let db = db.unwrap();
    fill(&db, 20_000).await;
    db.tamper("ANALYZE").await;
    pages_are_right(&db, 20_000).await;
    for (statement, parameters) in [
        (listings::TAGS, "'big', 't5', 101"),
        (listings::REPOSITORIES, "'r5', 101"),
        (listings::ALL_REPOSITORIES, "'r5', 101"),
        (collection::BLOBS, "'sha256:5', 101"),
        (collection::GARBAGE, "1900, 101"),
        (manifests::BY_TAG, "'big', 't5'"),
        (manifests::BY_DIGEST, "'big', 'sha256:5'"),
        (blobs::GET, "'big', 'sha256:5'"),
    ] {
        let plan = postgres_plan(&db, statement, parameters).await;
        assert!(plan.contains("Index"), "{statement}\n{plan}");
        assert!(
            !plan.contains("Seq Scan") && !plan.contains("Sort"),
            "{statement}\n{plan}"
        );
    }
}

async fn postgres_plan(db: &SqlMetadata, statement: &str, parameters: &str) -> String {
    let mut loan = db.access.reader().await.unwrap();
    let script = format!("PREPARE p AS {statement}");
    sqlx::raw_sql(sqlx::AssertSqlSafe(script))
        .execute(&mut *loan)
        .await
        .unwrap();
    let explain = format!("EXPLAIN EXECUTE p ({parameters})");
    let rows = sqlx::raw_sql(sqlx::AssertSqlSafe(explain))
        .fetch_all(&mut *loan)
        .await
        .unwrap();
    sqlx::raw_sql("DEALLOCATE p")
        .execute(&mut *loan)
        .await
        .unwrap();
    let lines: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    lines.join("\n")
}
