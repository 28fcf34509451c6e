use lazaret_content::{ManifestSelector, UploadId};
use lazaret_oci::{Algorithm, Digest};
use proptest::prelude::*;

use crate::act::path::Route;
use crate::message::query::Query;
use crate::message::range::{Requested, chunk, requested};

fn repository(name: &str) -> lazaret_oci::Repository {
    name.parse().unwrap()
}

fn status(path: &str) -> u16 {
    Route::parse(path)
        .unwrap_err()
        .into_response()
        .status()
        .as_u16()
}

#[test]
fn paths_are_read_from_their_end() {
    let digest = Digest::of(b"");
    let id = UploadId::random();
    let check = |path: &str, expected: Route| {
        assert_eq!(Route::parse(path).unwrap(), expected, "{path}");
    };
    check("/v2", Route::Base);
    check("/v2/", Route::Base);
    check("/v2/_catalog", Route::Catalog);
    check("/v2/a/tags/list", Route::Tags(repository("a")));
    check("/v2/tags/tags/list", Route::Tags(repository("tags")));
    check(
        "/v2/a/tags/list/tags/list",
        Route::Tags(repository("a/tags/list")),
    );
    check(
        "/v2/a/b/manifests/v1",
        Route::Manifest(
            repository("a/b"),
            ManifestSelector::Tag("v1".parse().unwrap()),
        ),
    );
    check(
        &format!("/v2/a/manifests/{digest}"),
        Route::Manifest(repository("a"), ManifestSelector::Digest(digest.clone())),
    );
    check(
        "/v2/a/manifests/.bad",
        Route::NoManifest(repository("a"), ".bad".into()),
    );
    check(
        &format!("/v2/blobs/uploads/blobs/{digest}"),
        Route::Blob(repository("blobs/uploads"), digest.clone()),
    );
    let escaped = digest.to_string().replace(':', "%3A");
    check(
        &format!("/v2/a/blobs/{escaped}"),
        Route::Blob(repository("a"), digest.clone()),
    );
    check("/v2/a/blobs/uploads", Route::Uploads(repository("a")));
    check("/v2/a/blobs/uploads/", Route::Uploads(repository("a")));
    check(
        &format!("/v2/a/blobs/uploads/{id}"),
        Route::Upload(repository("a"), id),
    );
    check(
        &format!("/v2/a/referrers/{digest}"),
        Route::Referrers(repository("a"), digest),
    );
    check("/ext/v1/types", Route::Types);
}

#[test]
fn paths_that_name_nothing_are_refused() {
    let digest = Digest::of(b"");
    for (path, expected) in [
        ("/", 404),
        ("", 404),
        ("//v2/", 404),
        ("/v2//", 404),
        ("/v1/", 404),
        ("/v2/a", 404),
        ("/v2/a/tags", 404),
        ("/v2/a/blobs/uploads/../../etc/passwd", 404),
        ("/v2/a/blobs/uploads/..", 404),
        ("/v2/a/blobs/uploads/%2e%2e%2f%2e%2e", 400),
        ("/v2/tags/list", 400),
        ("/v2/../tags/list", 400),
        ("/v2/%2e%2e/tags/list", 400),
        ("/v2/a/../b/tags/list", 400),
        ("/v2/a%2fb/tags/list", 400),
        ("/v2/A/tags/list", 400),
        ("/v2/a%00/tags/list", 400),
        ("/v2/%ff/tags/list", 400),
        ("/v2/a/blobs/sha256:../../x", 404),
        ("/v2/a/blobs/sha256:", 400),
        ("/v2/a/blobs/..", 400),
        ("/v2/a/blobs/md5:d41d8cd98f00b204e9800998ecf8427e", 400),
        ("/v2/a/referrers/sha256:xyz", 400),
    ] {
        assert_eq!(status(path), expected, "{path}");
    }
    let upper = digest.to_string().to_uppercase();
    assert_eq!(status(&format!("/v2/a/blobs/{upper}")), 400);
}

#[test]
fn ranges_of_a_read() {
    let part = |range| Requested::Part(range);
    for (header, size, expected) in [
        (None, 10, Requested::Whole),
        (Some("bytes=0-0"), 10, part(0..1)),
        (Some("bytes=2-5"), 10, part(2..6)),
        (Some("bytes=2-"), 10, part(2..10)),
        (Some("bytes=2-99"), 10, part(2..10)),
        (Some("bytes=-3"), 10, part(7..10)),
        (Some("bytes=-99"), 10, part(0..10)),
        (Some("bytes=9-9"), 10, part(9..10)),
        (Some("bytes=0-18446744073709551615"), 10, part(0..10)),
        (Some("bytes=0-99999999999999999999999"), 10, part(0..10)),
        (Some("bytes=10-"), 10, Requested::Unsatisfiable),
        (Some("bytes=500-0"), 10, Requested::Unsatisfiable),
        (Some("bytes=5-0"), 10, Requested::Unsatisfiable),
        (Some("bytes=-0"), 10, Requested::Unsatisfiable),
        (Some("bytes=0-0"), 0, Requested::Unsatisfiable),
        (Some("bytes=-1"), 0, Requested::Unsatisfiable),
        (Some("bytes=0-1,3-4"), 10, Requested::Whole),
        (Some("bytes=a-b"), 10, Requested::Whole),
        (Some("bytes="), 10, Requested::Whole),
        (Some("bytes=-"), 10, Requested::Whole),
        (Some("bytes=+1-2"), 10, Requested::Whole),
        (Some("items=0-1"), 10, Requested::Whole),
    ] {
        assert_eq!(requested(header, size), expected, "{header:?} of {size}");
    }
}

#[test]
fn ranges_of_a_chunk() {
    for (header, expected) in [
        ("0-0", Some(0..1)),
        ("5-9", Some(5..10)),
        ("bytes 5-9/*", Some(5..10)),
        ("bytes=5-9", Some(5..10)),
        ("9-5", None),
        ("5-", None),
        ("-5", None),
        ("a-b", None),
        ("", None),
        ("0x1-2", None),
    ] {
        assert_eq!(chunk(header), expected, "{header}");
    }
}

#[test]
fn queries_are_decoded() {
    let query = Query::parse(Some("digest=sha256%3Aab&tag=a&tag=b+c&empty&bad=%ff&&x=%2"));
    assert_eq!(query.get("digest"), Some("sha256:ab"));
    assert_eq!(query.all("tag").collect::<Vec<_>>(), ["a", "b c"]);
    assert_eq!(query.get("empty"), Some(""));
    assert_eq!(query.get("x"), Some("%2"));
    assert_eq!(query.get("none"), None);
    assert_eq!(Query::parse(None).get("x"), None);
}

proptest! {
    #[test]
    fn hostile_paths_never_panic(path in "(/v2)?[/a-zA-Z0-9%.:_~\\-\u{0}-\u{ff}]{0,120}") {
        let _ = Route::parse(&path);
    }

    #[test]
    fn a_route_holds_only_what_the_grammar_allows(
        segments in proptest::collection::vec(
            prop_oneof![
                Just("..".to_owned()), Just("".to_owned()), Just("%2e%2e".to_owned()),
                Just("blobs".to_owned()), Just("uploads".to_owned()), Just("manifests".to_owned()),
                Just("tags".to_owned()), Just("list".to_owned()), Just("%2f".to_owned()),
                "[a-z0-9]{1,4}", "sha256:[0-9a-f]{64}", "[0-9a-f]{32}",
            ],
            1..8,
        ),
    ) {
        let path = format!("/v2/{}", segments.join("/"));
        if let Ok(
            Route::Tags(name) | Route::Blob(name, _) | Route::Uploads(name)
            | Route::Upload(name, _) | Route::Manifest(name, _) | Route::Referrers(name, _)
            | Route::NoManifest(name, _)
        ) = Route::parse(&path) {
            prop_assert!(!name.as_str().contains(".."));
            let start = format!("/v2/{name}/");
            prop_assert!(path.starts_with(&start));
        }
    }

    #[test]
    fn every_name_and_digest_has_a_route(
        name in "[a-z0-9]{1,6}([._-][a-z0-9]{1,6}){0,2}(/[a-z0-9]{1,6}){0,4}",
        content in any::<[u8; 4]>(),
    ) {
        let name = repository(&name);
        for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
            let digest = Digest::with(algorithm, &content);
            prop_assert_eq!(
                Route::parse(&format!("/v2/{name}/blobs/{digest}")).unwrap(),
                Route::Blob(name.clone(), digest)
            );
        }
    }

    #[test]
    fn a_range_is_inside_the_content(header in "bytes=[0-9]{0,21}-[0-9]{0,21}", size: u64) {
        if let Requested::Part(range) = requested(Some(&header), size) {
            prop_assert!(range.start < range.end && range.end <= size);
        }
    }

    #[test]
    fn hostile_range_headers_never_panic(header in ".{0,40}", size: u64) {
        let _ = requested(Some(&header), size);
        if let Some(range) = chunk(&header) {
            prop_assert!(range.start < range.end);
        }
    }
}
