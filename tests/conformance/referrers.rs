//! "Listing Referrers" (end-12a, end-12b).

use lazaret_oci::media_type;
use serde_json::{Value, json};

use crate::harness::{ALGORITHMS, Content, Document, EXAMPLE, Reply, Served, encoded, index};

on_every_backend!(
    without_referrers_the_list_is_empty,
    a_referrer_is_described_as_it_is,
    an_index_without_a_type_has_none_in_the_list,
    the_list_is_filtered_by_type,
    a_filter_that_fits_nothing_gives_an_empty_list,
    referrers_belong_to_their_repository_and_subject,
    a_referrer_is_listed_once,
    a_deleted_referrer_is_not_listed,
    a_long_list_comes_in_pages,
    a_filtered_list_comes_in_pages,
    a_subject_that_is_no_digest_is_400,
);

#[track_caller]
fn list(registry: &Served, name: &str, subject: &Document, query: &str) -> Reply {
    let path = format!("/v2/{name}/referrers/{}{query}", subject.digest);
    let reply = registry.get(&path).is(200);
    is_index(&reply);
    reply
}

/// "MUST be a JSON body with an image index"; "the Content-Type header MUST be set to" its type.
#[track_caller]
fn is_index(reply: &Reply) {
    assert_eq!(reply.header("content-type"), Some(media_type::INDEX));
    let index = reply.json();
    assert_eq!(index["schemaVersion"], 2, "{reply:?}");
    assert_eq!(index["mediaType"], media_type::INDEX, "{reply:?}");
    assert!(index["manifests"].is_array(), "{reply:?}");
}

#[track_caller]
fn digests(reply: &Reply) -> Vec<String> {
    let entries = reply.json()["manifests"].clone();
    let mut digests: Vec<String> = entries
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["digest"].as_str().unwrap().to_owned())
        .collect();
    digests.sort();
    digests
}

fn sorted(documents: &[&Document]) -> Vec<String> {
    let mut digests: Vec<String> = documents
        .iter()
        .map(|document| document.digest.to_string())
        .collect();
    digests.sort();
    digests
}

/// Pushes another manifest of this type, which has the subject.
fn attach(registry: &Served, name: &str, subject: &Document, kind: &str) -> Document {
    let about = subject.another().with("artifactType", json!(kind));
    let about = about.with("subject", subject.descriptor());
    let reference = about.digest.to_string();
    registry.put(name, &reference, &about).is(201);
    about
}

/// "If a query results in no matching referrers, an empty manifest list MUST be returned"; "the
/// registry MUST NOT return a 404": checked with and without the subject, and without the
/// repository.
fn without_referrers_the_list_is_empty(registry: &Served) {
    let name = registry.repository();
    let image = registry.image(&name, "v1");
    let never = registry.repository();
    for algorithm in ALGORITHMS {
        let absent = image.another().under(algorithm);
        for (name, subject) in [(&name, &image), (&name, &absent), (&never, &absent)] {
            let reply = list(registry, name, subject, "");
            assert_eq!(reply.json()["manifests"], json!([]));
            assert_eq!(reply.header("link"), None);
        }
    }
}

/// "MUST include an artifactType": that of the manifest, else its configuration's media type;
/// "MUST include annotations"; media type, digest and size are those of the referrer.
fn a_referrer_is_described_as_it_is(registry: &Served) {
    let name = registry.repository();
    let subject = registry.image(&name, "v1");
    let annotations = json!({"org.example.a": "1", "": "é \"quoted\""});
    let typed = subject.with("artifactType", json!(EXAMPLE));
    let cases = [
        (subject.another(), media_type::IMAGE_CONFIG),
        (
            subject.another().with("artifactType", json!("")),
            media_type::IMAGE_CONFIG,
        ),
        (typed.with("annotations", annotations), EXAMPLE),
        (
            index(&[&subject])
                .another()
                .with("artifactType", json!(EXAMPLE)),
            EXAMPLE,
        ),
    ];
    for (document, kind) in cases {
        let about = document.with("subject", subject.descriptor());
        registry
            .put(&name, &about.digest.to_string(), &about)
            .is(201);
        let entries = list(registry, &name, &subject, "").json();
        let entries = entries["manifests"].as_array().unwrap().clone();
        let entry = entries
            .iter()
            .find(|entry| entry["digest"] == json!(about.digest))
            .unwrap();
        assert_eq!(entry["mediaType"], json!(about.media_type));
        assert_eq!(entry["size"], json!(about.raw.len()));
        assert_eq!(entry["artifactType"], json!(kind));
        assert_eq!(entry["annotations"], about.value()["annotations"]);
    }
}

/// "If the artifactType is empty or missing in an index, the artifactType MUST be omitted."
fn an_index_without_a_type_has_none_in_the_list(registry: &Served) {
    for kind in [None, Some("")] {
        let name = registry.repository();
        let subject = registry.image(&name, "v1");
        let mut about = index(&[]).another().with("subject", subject.descriptor());
        if let Some(kind) = kind {
            about = about.with("artifactType", json!(kind));
        }
        registry
            .put(&name, &about.digest.to_string(), &about)
            .is(201);
        let entries = list(registry, &name, &subject, "").json();
        let entry = entries["manifests"][0].as_object().unwrap().clone();
        assert_eq!(entry["digest"], json!(about.digest));
        assert!(!entry.contains_key("artifactType"), "{entry:?}");
    }
}

/// "The response MUST include a header `OCI-Filters-Applied: artifactType`", and then the list has
/// only referrers of that type.
fn the_list_is_filtered_by_type(registry: &Served) {
    let name = registry.repository();
    let subject = registry.image(&name, "v1");
    let kinds = [
        "application/vnd.example.sbom.v1+json",
        "application/x",
        "text/a b&c=d+e;f=%",
    ];
    let mut documents = Vec::new();
    for kind in kinds {
        documents.push((kind, attach(registry, &name, &subject, kind)));
        documents.push((kind, attach(registry, &name, &subject, kind)));
    }
    let untyped = subject.another().with("subject", subject.descriptor());
    registry
        .put(&name, &untyped.digest.to_string(), &untyped)
        .is(201);
    documents.push((media_type::IMAGE_CONFIG, untyped));
    let all: Vec<&Document> = documents.iter().map(|(_, document)| document).collect();
    let reply = list(registry, &name, &subject, "").has_no("oci-filters-applied");
    assert_eq!(digests(&reply), sorted(&all));
    for kind in kinds.into_iter().chain([media_type::IMAGE_CONFIG]) {
        let query = format!("?artifactType={}", encoded(kind));
        let reply = list(registry, &name, &subject, &query);
        let reply = reply.has("oci-filters-applied", "artifactType");
        let of_kind: Vec<&Document> = documents
            .iter()
            .filter(|(have, _)| *have == kind)
            .map(|(_, document)| document)
            .collect();
        assert_eq!(digests(&reply), sorted(&of_kind), "{kind}");
        for entry in reply.json()["manifests"].as_array().unwrap() {
            assert_eq!(entry["artifactType"], kind);
        }
    }
}

/// "If a query results in no matching referrers, an empty manifest list MUST be returned."
fn a_filter_that_fits_nothing_gives_an_empty_list(registry: &Served) {
    let name = registry.repository();
    let subject = registry.image(&name, "v1");
    attach(registry, &name, &subject, EXAMPLE);
    for kind in ["application/vnd.example.conformance", "application/*", "x"] {
        let query = format!("?artifactType={}", encoded(kind));
        let reply = list(registry, &name, &subject, &query);
        let reply = reply.has("oci-filters-applied", "artifactType");
        assert_eq!(reply.json()["manifests"], json!([]));
    }
}

/// "Each descriptor is of an image manifest or index in the same <name> namespace with a subject
/// field that specifies the value of <digest>."
fn referrers_belong_to_their_repository_and_subject(registry: &Served) {
    let (name, other) = (registry.repository(), registry.repository());
    let first = registry.image(&name, "v1");
    let second = registry.image(&name, "v2");
    let about = attach(registry, &name, &first, EXAMPLE);
    registry.image(&other, "v1");
    assert_eq!(
        digests(&list(registry, &name, &first, "")),
        sorted(&[&about])
    );
    assert_eq!(digests(&list(registry, &name, &second, "")), sorted(&[]));
    assert_eq!(digests(&list(registry, &other, &first, "")), sorted(&[]));
    // An index that names it as a manifest is not its referrer.
    registry.put(&name, "list", &index(&[&second])).is(201);
    assert_eq!(digests(&list(registry, &name, &second, "")), sorted(&[]));
}

/// A manifest under several tags is listed once.
fn a_referrer_is_listed_once(registry: &Served) {
    let name = registry.repository();
    let subject = registry.image(&name, "v1");
    let about = attach(registry, &name, &subject, EXAMPLE);
    for tag in ["a", "b", "a"] {
        registry.put(&name, tag, &about).is(201);
    }
    assert_eq!(
        digests(&list(registry, &name, &subject, "")),
        sorted(&[&about])
    );
}

/// Deleting a tag keeps the manifest in the list, deleting the manifest removes it.
fn a_deleted_referrer_is_not_listed(registry: &Served) {
    let name = registry.repository();
    let subject = registry.image(&name, "v1");
    let first = attach(registry, &name, &subject, EXAMPLE);
    let second = attach(registry, &name, &subject, EXAMPLE);
    registry.put(&name, "first", &first).is(201);
    registry
        .delete(&format!("/v2/{name}/manifests/first"))
        .is(202);
    let both = sorted(&[&first, &second]);
    assert_eq!(digests(&list(registry, &name, &subject, "")), both);
    registry.delete(&first.path(&name)).is(202);
    let reply = list(registry, &name, &subject, "");
    assert_eq!(digests(&reply), sorted(&[&second]));
}

/// Reads every page from the first one on; each must be an index.
#[track_caller]
fn pages(registry: &Served, first: String) -> Vec<Value> {
    let (mut path, mut pages) = (first, Vec::new());
    loop {
        let reply = registry.get(&path).is(200);
        is_index(&reply);
        pages.push(reply.json()["manifests"].clone());
        match reply.next_page() {
            Some(next) => path = next,
            None => return pages,
        }
        assert!(pages.len() < 1000, "pages without end");
    }
}

fn all_of(pages: &[Value]) -> Vec<String> {
    let entries = pages.iter().flat_map(|page| page.as_array().unwrap());
    let mut digests: Vec<String> = entries
        .map(|entry| entry["digest"].as_str().unwrap().to_owned())
        .collect();
    digests.sort();
    digests
}

/// "A Link header MUST be included in the response when the descriptor list cannot be returned
/// in a single manifest. Each response is an image index with different descriptors."
fn a_long_list_comes_in_pages(registry: &Served) {
    let name = registry.repository();
    let subject = registry.image(&name, "v1");
    let documents: Vec<Document> = (0..7)
        .map(|_| attach(registry, &name, &subject, EXAMPLE))
        .collect();
    let expected = sorted(&documents.iter().collect::<Vec<_>>());
    let path = format!("/v2/{name}/referrers/{}", subject.digest);
    assert_eq!(all_of(&pages(registry, path.clone())), expected);
    // The parameter is an extension, but the pages must still be complete.
    let few = pages(registry, format!("{path}?n=3"));
    assert_eq!(all_of(&few), expected);
}

/// The filter applies to every page, and every page says so.
fn a_filtered_list_comes_in_pages(registry: &Served) {
    let name = registry.repository();
    let subject = registry.image(&name, "v1");
    let kind = "application/vnd.example+json; a=\"b\"";
    let mut wanted = Vec::new();
    for _ in 0..5 {
        wanted.push(attach(registry, &name, &subject, kind));
        attach(registry, &name, &subject, EXAMPLE);
    }
    let query = format!("?n=2&artifactType={}", encoded(kind));
    let path = format!("/v2/{name}/referrers/{}{query}", subject.digest);
    let expected = sorted(&wanted.iter().collect::<Vec<_>>());
    assert_eq!(all_of(&pages(registry, path.clone())), expected);
    if let Some(next) = registry.get(&path).is(200).next_page() {
        let reply = registry.get(&next).is(200);
        reply.has("oci-filters-applied", "artifactType");
    }
}

/// "If the request is invalid, such as a <digest> with an invalid syntax, a 400 MUST be
/// returned."
fn a_subject_that_is_no_digest_is_400(registry: &Served) {
    let name = registry.repository();
    registry.image(&name, "v1");
    for subject in [
        "v1",
        "sha256:baddigeststring",
        "sha256:",
        "sha512:00",
        "x:y",
    ] {
        let path = format!("/v2/{name}/referrers/{subject}");
        registry.get(&path).is(400);
    }
    let content = Content::new(8);
    registry
        .get(&format!("/v2/{name}/referrers/{}", content.digest))
        .is(200);
}
