//! "Pushing Manifests" of the main branch: `tag` parameters beside a digest (end-7b).

use lazaret_oci::Algorithm;
use serde_json::json;

use crate::harness::{ALGORITHMS, Document, Served, index};

on_every_backend!(
    each_tag_is_made_and_told,
    ten_tags_at_once_are_taken,
    very_many_tags_are_all_taken_or_none,
    tags_that_are_there_are_moved,
    a_tag_that_is_named_twice_is_one,
    a_tag_that_is_none_refuses_the_whole_push,
    a_push_that_fails_makes_no_tag,
    parameters_beside_a_tag_make_no_other_tag,
);

fn push(
    registry: &Served,
    name: &str,
    document: &Document,
    tags: &[&str],
) -> crate::harness::Reply {
    let parameters: Vec<String> = tags.iter().map(|tag| format!("tag={tag}")).collect();
    let reference = format!("{}?{}", document.digest, parameters.join("&"));
    registry.put(name, &reference, document)
}

fn tags(registry: &Served, name: &str) -> serde_json::Value {
    let reply = registry.get(&format!("/v2/{name}/tags/list")).is(200);
    reply.json()["tags"].clone()
}

/// "For each tag that was successfully pushed, include an OCI-Tag response header"; for images
/// and indexes, under every algorithm.
fn each_tag_is_made_and_told(registry: &Served) {
    for algorithm in ALGORITHMS {
        let name = registry.repository();
        let image = registry.image(&name, "base").another().under(algorithm);
        let list = index(&[&image]).under(algorithm);
        for (document, names) in [(&image, ["1.2.3", "1.2"]), (&list, ["latest", "_x.y-z"])] {
            let digest = document.digest.to_string();
            let reply = push(registry, &name, document, &names).is(201);
            let reply = reply.has("docker-content-digest", &digest);
            registry
                .get(&reply.location())
                .is(200)
                .body_is(&document.raw);
            let mut told = reply.all("oci-tag");
            told.sort_unstable();
            let mut expected = names;
            expected.sort_unstable();
            assert_eq!(told, expected);
            for tag in names {
                registry
                    .get(&format!("/v2/{name}/manifests/{tag}"))
                    .is(200)
                    .has("docker-content-digest", &digest)
                    .body_is(&document.raw);
            }
        }
        assert_eq!(
            tags(registry, &name),
            json!(["1.2", "1.2.3", "_x.y-z", "base", "latest"])
        );
    }
}

/// "MUST support pushing at least 10 tags at once."
fn ten_tags_at_once_are_taken(registry: &Served) {
    let name = registry.repository();
    let image = registry.image(&name, "t0");
    let long = "x".repeat(126);
    let names: Vec<String> = (0..10).map(|number| format!("{long}{number:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let reply = push(registry, &name, &image, &names).is(201);
    assert_eq!(reply.all("oci-tag").len(), 10);
    registry.delete(&format!("/v2/{name}/manifests/t0")).is(202);
    assert_eq!(tags(registry, &name), json!(names));
}

/// "MAY return a 414 if more than 10 tags are pushed", and clients may get a 431: then nothing is
/// stored. Otherwise each tag is made and returned.
fn very_many_tags_are_all_taken_or_none(registry: &Served) {
    let name = registry.repository();
    let image = registry.image(&name, "base").another();
    let names: Vec<String> = (0..400).map(|number| format!("tag-{number:04}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let reply = push(registry, &name, &image, &names);
    let made = tags(registry, &name).as_array().unwrap().len();
    if reply.status == 201 {
        assert_eq!(reply.all("oci-tag").len(), names.len());
        assert_eq!(made, names.len() + 1);
    } else {
        assert!(matches!(reply.status, 414 | 431), "{reply:?}");
        assert_eq!(made, 1);
        registry.get(&image.path(&name)).is(404);
    }
}

/// Existing tags move, as with a push to the tag.
fn tags_that_are_there_are_moved(registry: &Served) {
    let name = registry.repository();
    let first = registry.image(&name, "v1");
    let second = first.another();
    push(registry, &name, &second, &["v1", "v2"]).is(201);
    for tag in ["v1", "v2"] {
        let reply = registry.get(&format!("/v2/{name}/manifests/{tag}"));
        reply.is(200).body_is(&second.raw);
    }
    registry.get(&first.path(&name)).is(200);
}

/// A repeated tag is not an error.
fn a_tag_that_is_named_twice_is_one(registry: &Served) {
    let name = registry.repository();
    let image = registry.image(&name, "v1");
    let reply = push(registry, &name, &image, &["v2", "v2"]).is(201);
    assert!(reply.all("oci-tag").contains(&"v2"));
    assert_eq!(tags(registry, &name), json!(["v1", "v2"]));
}

/// All or nothing: after a 400 neither the manifest nor the valid tags are stored.
fn a_tag_that_is_none_refuses_the_whole_push(registry: &Served) {
    let name = registry.repository();
    let image = registry.image(&name, "v1").another();
    for bad in [".bad", "a:b", "a%2Fb", "", &"x".repeat(129)] {
        push(registry, &name, &image, &["good", bad]).is(400);
    }
    registry.get(&image.path(&name)).is(404);
    assert_eq!(tags(registry, &name), json!(["v1"]));
}

/// With a wrong digest or a missing blob no tag is made.
fn a_push_that_fails_makes_no_tag(registry: &Served) {
    let name = registry.repository();
    let image = registry.image(&name, "v1");
    let mut wrong = image.another();
    wrong.digest = image.another().under(Algorithm::Sha512).digest;
    push(registry, &name, &wrong, &["v2"]).is_error(400, "DIGEST_INVALID");
    let other = registry.repository();
    registry.image(&other, "v1");
    push(registry, &other, &image, &["v2"]).is_error(404, "MANIFEST_BLOB_UNKNOWN");
    assert_eq!(tags(registry, &name), json!(["v1"]));
    assert_eq!(tags(registry, &other), json!(["v1"]));
}

/// The parameters are for pushes by digest: with a push to a tag they are refused or ignored.
fn parameters_beside_a_tag_make_no_other_tag(registry: &Served) {
    let name = registry.repository();
    let image = registry.image(&name, "v1");
    let reply = registry.put(&name, "v2?tag=v3", &image);
    assert!(matches!(reply.status, 201 | 400), "{reply:?}");
    assert!(reply.all("oci-tag").is_empty(), "{reply:?}");
    registry.get(&format!("/v2/{name}/manifests/v3")).is(404);
}
