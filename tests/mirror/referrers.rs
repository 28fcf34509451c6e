//! Lists of referrers and tags.

use serde_json::{Value, json};

use crate::harness::{
    Fault, Image, Served, Stored, Upstream, index_of, manifest_of, manifest_path,
};

const KIND: &str = "application/vnd.example.sbom";

/// A referrer of a manifest.
fn referrer(subject: &Stored, number: u32) -> Stored {
    let empty = Stored::new("application/vnd.oci.empty.v1+json", b"{}".to_vec());
    let more = json!({
        "artifactType": KIND,
        "subject": subject.descriptor(),
        "annotations": { "number": number.to_string() },
    });
    manifest_of(&empty, std::slice::from_ref(&empty), more)
}

fn path(subject: &Stored) -> String {
    format!("/v2/up/app/referrers/{}", subject.digest)
}

/// The listed digests.
fn digests(list: &Value) -> Vec<String> {
    let entries = list["manifests"].as_array().unwrap().iter();
    let mut digests: Vec<String> = entries
        .map(|entry| entry["digest"].as_str().unwrap().to_owned())
        .collect();
    digests.sort();
    digests
}

/// The digests of these manifests.
fn these(manifests: &[&Stored]) -> Vec<String> {
    let mut digests: Vec<String> = manifests.iter().map(|one| one.digest.to_string()).collect();
    digests.sort();
    digests
}

#[test]
fn referrers_of_the_upstream_are_merged_with_those_that_are_kept() {
    let (upstream, image) = (Upstream::start(), Image::small(50));
    let (kept, listed) = (referrer(&image.index, 1), referrer(&image.index, 2));
    upstream.image("app", "v1", &image);
    upstream.manifest("app", &kept);
    upstream.referrer("app", &image.index, KIND, &listed);
    let mirror = Served::of(&upstream);
    mirror.get(&manifest_path("app", &kept)).is(200);
    let answer = mirror.get(&path(&image.index)).is(200);
    assert_eq!(digests(&answer.json()), these(&[&kept, &listed]));
    assert_eq!(upstream.count("GET", "/referrers/"), 1);
    let filtered = format!("{}?artifactType=other", path(&image.index));
    assert_eq!(digests(&mirror.get(&filtered).is(200).json()), [""; 0]);
}

#[test]
fn referrers_that_are_kept_are_listed_while_the_upstream_is_away() {
    let (upstream, image) = (Upstream::start(), Image::small(51));
    let kept = referrer(&image.index, 1);
    upstream.image("app", "v1", &image).manifest("app", &kept);
    let mirror = Served::with(&upstream, "patience = \"1s\"", "");
    mirror.get(&manifest_path("app", &kept)).is(200);
    upstream.always("*", "", Fault::Status(503));
    let answer = mirror.get(&path(&image.index)).is(200);
    assert_eq!(digests(&answer.json()), these(&[&kept]));
    // Of what is not known nothing is said.
    mirror.get(&path(&image.manifests[0])).is(503);
}

#[test]
fn referrers_come_from_the_fallback_tag_of_an_upstream_without_the_api() {
    let (upstream, image) = (Upstream::start(), Image::small(52));
    let listed = referrer(&image.index, 1);
    upstream.image("app", "v1", &image).manifest("app", &listed);
    let list = index_of(&[listed.descriptor()]);
    let tag = format!("sha256-{}", image.index.digest.hex());
    upstream.tag("app", &tag, &list);
    let mirror = Served::of(&upstream);
    let answer = mirror.get(&path(&image.index)).is(200);
    assert_eq!(digests(&answer.json()), these(&[&listed]));
    // Clients that know no referrers ask for the tag itself.
    let answer = mirror.get(&format!("/v2/up/app/manifests/{tag}")).is(200);
    assert_eq!(digests(&answer.json()), these(&[&listed]));
}

#[test]
fn an_image_without_referrers_has_an_empty_list() {
    let (upstream, image) = (Upstream::start(), Image::small(53));
    upstream.image("app", "v1", &image);
    let mirror = Served::of(&upstream);
    let answer = mirror.get(&path(&image.index)).is(200);
    assert_eq!(digests(&answer.json()), [""; 0]);
}

#[test]
fn a_303_for_referrers_means_that_there_is_no_api() {
    let (upstream, image) = (Upstream::start(), Image::small(54));
    let listed = referrer(&image.index, 1);
    let list = index_of(&[listed.descriptor()]);
    let tag = format!("sha256-{}", image.index.digest.hex());
    upstream.image("app", "v1", &image).tag("app", &tag, &list);
    // GHCR sends clients to a page for people.
    let page = Upstream::start();
    upstream.always(
        "GET",
        "/referrers/",
        Fault::Redirect(303, format!("{}/page", page.url())),
    );
    let mirror = Served::of(&upstream);
    let answer = mirror.get(&path(&image.index)).is(200);
    assert_eq!(digests(&answer.json()), these(&[&listed]));
    assert_eq!(page.connections(), 0);
}

#[test]
fn tags_are_listed_in_order_and_by_pages() {
    let (upstream, image) = (Upstream::start(), Image::small(55));
    for tag in ["v2", "v1", "v3"] {
        upstream.tag("app", tag, &image.index);
    }
    let mirror = Served::of(&upstream);
    let answer = mirror.get("/v2/up/app/tags/list").is(200);
    assert_eq!(
        answer.json(),
        json!({ "name": "up/app", "tags": ["v1", "v2", "v3"] })
    );
    let page = mirror.get("/v2/up/app/tags/list?n=2").is(200);
    assert_eq!(page.json()["tags"], json!(["v1", "v2"]));
    let link = page.header("link").unwrap();
    let next = link.trim_start_matches('<').split('>').next().unwrap();
    assert_eq!(mirror.get(next).is(200).json()["tags"], json!(["v3"]));
}

#[test]
fn tags_that_are_kept_are_listed_while_the_upstream_is_away() {
    let (upstream, image) = (Upstream::start(), Image::small(56));
    upstream
        .tag("app", "v1", &image.index)
        .tag("app", "v2", &image.index);
    let mirror = Served::with(&upstream, "patience = \"1s\"", "");
    mirror.get("/v2/up/app/manifests/v1").is(200);
    upstream.always("*", "", Fault::Status(500));
    let answer = mirror.get("/v2/up/app/tags/list").is(200);
    assert_eq!(answer.json()["tags"], json!(["v1"]));
}
