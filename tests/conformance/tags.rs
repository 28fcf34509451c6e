//! "Listing Tags" (end-8a, end-8b).

use serde_json::{Value, json};

use crate::harness::{Document, Served, encoded};

on_every_backend!(
    tags_are_listed_in_order,
    a_repository_without_tags_has_an_empty_list,
    a_repository_that_is_not_there_has_no_list,
    as_many_tags_as_asked_for,
    no_tags_when_none_are_asked_for,
    tags_after_the_last,
    pages_follow_one_another,
    pages_stay_right_while_tags_come_and_go,
    a_number_that_is_none_is_refused,
    names_that_begin_alike_do_not_mix,
);

/// In ASCII order, which is not alphabetical order.
const TAGS: [&str; 9] = ["0", "1.10", "1.9", "B", "_x", "a", "a-b", "a.b", "ab"];

/// Makes a repository with these tags, pushed in another order.
fn tagged(registry: &Served) -> (String, Document) {
    let name = registry.repository();
    let image = registry.image(&name, TAGS[4]);
    for tag in TAGS.iter().rev() {
        registry.put(&name, tag, &image).is(201);
    }
    (name, image)
}

#[track_caller]
fn list(registry: &Served, name: &str, query: &str) -> Value {
    let path = format!("/v2/{name}/tags/list{query}");
    let reply = registry.get(&path).is(200);
    let kind = reply.header("content-type").unwrap();
    assert!(kind.starts_with("application/json"), "{reply:?}");
    let body = reply.json();
    assert_eq!(body["name"], json!(name), "{reply:?}");
    body["tags"].clone()
}

/// "MUST return a 200", "MUST be a json body" of name and tags, "the tags MUST be in lexical or
/// ASCIIbetical order".
fn tags_are_listed_in_order(registry: &Served) {
    let (name, _) = tagged(registry);
    assert_eq!(list(registry, &name, ""), json!(TAGS));
}

/// "The list of tags MAY be empty if there are no tags on the repository": a list, not null.
fn a_repository_without_tags_has_an_empty_list(registry: &Served) {
    let name = registry.repository();
    registry.image(&name, "v1");
    registry.delete(&format!("/v2/{name}/manifests/v1")).is(202);
    assert_eq!(list(registry, &name, ""), json!([]));
    assert_eq!(list(registry, &name, "?n=5&last=x"), json!([]));
}

/// end-8a: 404 for a missing repository.
fn a_repository_that_is_not_there_has_no_list(registry: &Served) {
    let name = registry.repository();
    registry
        .get(&format!("/v2/{name}/tags/list"))
        .is_error(404, "NAME_UNKNOWN");
}

/// "The response MUST include <int> results", or fewer "only when the total number of tags is less
/// than <int> or a Link header is provided"; starting with the first tag.
fn as_many_tags_as_asked_for(registry: &Served) {
    let (name, _) = tagged(registry);
    for n in [1, 2, 8, 9, 10, 1_000_000] {
        let found = list(registry, &name, &format!("?n={n}"));
        assert_eq!(found, json!(TAGS[..TAGS.len().min(n)]));
    }
}

/// "When n is zero, this endpoint MUST return an empty list, and MUST NOT include a Link header."
fn no_tags_when_none_are_asked_for(registry: &Served) {
    let (name, _) = tagged(registry);
    for query in ["?n=0", "?n=0&last=1.9"] {
        assert_eq!(list(registry, &name, query), json!([]));
        let path = format!("/v2/{name}/tags/list{query}");
        registry.get(&path).has_no("link");
    }
}

/// "<tagname> will not be included in the results, but up to <int> tags after <tagname>"; "When
/// using the last query parameter, the n parameter is OPTIONAL". That tag need not exist.
fn tags_after_the_last(registry: &Served) {
    let (name, _) = tagged(registry);
    for (number, tag) in TAGS.iter().enumerate() {
        let rest = &TAGS[number + 1..];
        let query = format!("?last={tag}");
        assert_eq!(list(registry, &name, &query), json!(rest));
        let query = format!("?n=2&last={tag}");
        let page = &rest[..rest.len().min(2)];
        assert_eq!(list(registry, &name, &query), json!(page));
    }
    for (last, rest) in [
        ("A", &TAGS[3..]),
        ("a-", &TAGS[6..]),
        ("zzz", &[]),
        ("1", &TAGS[1..]),
    ] {
        assert_eq!(list(registry, &name, &format!("?last={last}")), json!(rest));
    }
}

/// "If included, the Link header MUST be set according to RFC 5988 with rel=\"next\"": over all
/// pages each tag occurs once, and the last page has no `Link`.
fn pages_follow_one_another(registry: &Served) {
    let (name, _) = tagged(registry);
    for n in [1, 2, 3, 4, 8] {
        let mut path = format!("/v2/{name}/tags/list?n={n}");
        let mut found = Vec::new();
        loop {
            let reply = registry.get(&path).is(200);
            let page = reply.json()["tags"].as_array().unwrap().clone();
            assert!(page.len() <= n, "{reply:?}");
            found.extend(page);
            match reply.next_page() {
                Some(next) => path = next,
                None => break,
            }
            assert!(found.len() < TAGS.len(), "a page after the last one");
        }
        assert_eq!(json!(found), json!(TAGS));
    }
    let path = format!("/v2/{name}/tags/list?n={}", TAGS.len());
    registry.get(&path).is(200).has_no("link");
}

/// A page begins after a tag, not after a number of tags: new and deleted tags before it do not
/// shift it, and the tag itself may be deleted.
fn pages_stay_right_while_tags_come_and_go(registry: &Served) {
    let (name, image) = tagged(registry);
    let path = format!("/v2/{name}/tags/list?n=3");
    let next = registry.get(&path).is(200).next_page().unwrap();
    registry.put(&name, "0-early", &image).is(201);
    registry.delete(&format!("/v2/{name}/manifests/0")).is(202);
    registry
        .delete(&format!("/v2/{name}/manifests/{}", TAGS[2]))
        .is(202);
    let page = registry.get(&next).is(200).json();
    assert_eq!(page["tags"], json!(TAGS[3..6]));
}

/// "<int> is an integer specifying the number of tags requested": 400 for anything else.
fn a_number_that_is_none_is_refused(registry: &Served) {
    let (name, _) = tagged(registry);
    for n in ["x", "-1", "1.5", "1x", ""] {
        let reply = registry.get(&format!("/v2/{name}/tags/list?n={n}"));
        if n.is_empty() {
            assert!(matches!(reply.status, 200 | 400), "{reply:?}");
        } else {
            reply.is(400);
        }
    }
    // A number that is too large for an integer is more than there are tags.
    let reply = registry.get(&format!("/v2/{name}/tags/list?n=99999999999999999999"));
    assert!(matches!(reply.status, 200 | 400), "{reply:?}");
    let odd = encoded("é/../%");
    let reply = registry.get(&format!("/v2/{name}/tags/list?last={odd}"));
    assert!(matches!(reply.status, 200 | 400), "{reply:?}");
}

/// Repositories whose name has the same start, or that are below this one, have separate tags.
fn names_that_begin_alike_do_not_mix(registry: &Served) {
    let base = registry.repository();
    for end in ["", "a", "/a", "-a", "/tags"] {
        registry.image(&format!("{base}{end}"), &format!("v{}", end.len()));
    }
    for end in ["", "a", "/a", "-a", "/tags"] {
        let tags = list(registry, &format!("{base}{end}"), "");
        assert_eq!(tags, json!([format!("v{}", end.len())]));
    }
}
