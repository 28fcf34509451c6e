//! Stages that are left out: by the settings, or by their numbers.

use lazaret_registry::StageChoice;

use crate::harness::{Fault, Image, Served, Upstream, blob_path, manifest_path, tag_path, until};

/// A mirror with some stages, of an upstream with an account.
fn doing(stages: StageChoice, upstream: &Upstream, more: &str) -> Served {
    let url = upstream.url();
    let settings = format!(
        "[mirror]\ntag_lifetime = \"0s\"\n[[upstreams]]\nnamespace = \"up.example\"\nprefix = \"up\"\n\
         endpoints = [\"{url}\"]\n\
         credentials = {{ username = \"ada\", password_file = \"FOLDER/password\" }}\n{more}\n"
    );
    Served::doing(stages, &[("password", "secret")], &settings)
}

/// An upstream with an image.
fn upstream(seed: u64) -> (Upstream, Image) {
    let (upstream, image) = (Upstream::start(), Image::small(seed));
    upstream.image("app", "v1", &image);
    (upstream, image)
}

/// The lines of a pipeline with these stages for manifests, and for blobs.
fn pipeline(manifests: &str, blobs: &str) -> String {
    format!(
        "[upstreams.pipeline]\nmanifests = {{ stages = [{manifests}] }}\nblobs = {{ stages = [{blobs}] }}"
    )
}

#[test]
fn with_all_stages_the_upstream_is_asked_with_credentials() {
    let (upstream, image) = upstream(130);
    upstream.require("ada", "secret");
    let mirror = doing(StageChoice::All, &upstream, "");
    mirror.pull("app", "v1", &image);
    assert!(upstream.count("*", "/token") > 0);
}

#[test]
fn without_login_the_upstream_is_asked_anonymously() {
    let (upstream, image) = upstream(131);
    let mirror = doing(
        StageChoice::All,
        &upstream,
        &pipeline(
            "\"authn\", \"resolve\", \"cache\", \"pull\"",
            "\"cache\", \"pull\"",
        ),
    );
    mirror.pull("app", "v1", &image);
    for seen in upstream.seen() {
        assert_eq!(seen.header("authorization"), None);
    }
    upstream.require("ada", "secret");
    mirror.get(&tag_path("app", "other")).is(404);
}

#[test]
fn without_resolve_a_tag_is_what_is_kept() {
    let (upstream, image) = upstream(132);
    let stages = pipeline("\"cache\", \"pull\"", "\"cache\", \"pull\"");
    let mirror = doing(StageChoice::All, &upstream, &stages);
    mirror.get(&tag_path("app", "v1")).is(200);
    upstream.image("app", "v1", &Image::small(133));
    mirror
        .get(&tag_path("app", "v1"))
        .is(200)
        .has(&image.index.bytes);
    assert_eq!(upstream.calls(), 1, "{:?}", upstream.log());
}

#[test]
fn without_cache_nothing_is_kept() {
    let (upstream, image) = upstream(134);
    let stages = pipeline("\"resolve\", \"pull\"", "\"pull\"");
    let mirror = doing(StageChoice::All, &upstream, &stages);
    mirror.pull("app", "v1", &image);
    assert_eq!(upstream.count("GET", ""), 5, "{:?}", upstream.log());
    // What has just been fetched is read by all who come in time, and is then gone.
    mirror.settle();
    let layer = &image.layers[0][0];
    let gets = || upstream.count("GET", &layer.digest.to_string());
    until("it is fetched anew", || {
        mirror
            .get(&blob_path("app", layer))
            .is(200)
            .has(&layer.bytes);
        gets() > 1
    });
    mirror.get(&tag_path("app", "v1")).is(200);
    assert_eq!(upstream.count("GET", "/manifests/v1"), 2);
    // Wrong bytes are as wrong.
    upstream.always("GET", "/blobs/", Fault::Lie);
    until("the last bytes are gone", || {
        !mirror.get(&blob_path("app", layer)).is_whole
    });
}

#[test]
fn without_pull_only_what_is_kept_is_served() {
    let (upstream, image) = upstream(135);
    let stages = pipeline("\"resolve\", \"cache\"", "\"cache\"");
    let mirror = doing(StageChoice::All, &upstream, &stages);
    mirror.get(&tag_path("app", "v1")).is(404);
    mirror.get(&manifest_path("app", &image.index)).is(404);
    mirror.get(&blob_path("app", &image.layers[0][0])).is(404);
    assert_eq!(upstream.calls(), 0, "{:?}", upstream.log());
}

#[test]
fn a_resource_or_method_without_stages_is_403() {
    let (upstream, image) = upstream(136);
    let more = "[upstreams.pipeline]\nmanifests = { methods = [\"HEAD\"], stages = [\"resolve\", \"cache\", \"pull\"] }";
    let mirror = doing(StageChoice::All, &upstream, more);
    mirror.head(&tag_path("app", "v1")).is(200);
    let calls = upstream.calls();
    mirror.get(&tag_path("app", "v1")).is(403);
    mirror.get(&blob_path("app", &image.layers[0][0])).is(403);
    mirror.get("/v2/up/app/tags/list").is(403);
    assert_eq!(upstream.calls(), calls);
}

/// The stages of the standard pipeline: 1 login, 2 authn, 3 resolve, 4 cache, 5 pull for manifests; 6
/// login, 7 authn, 8 cache, 9 pull for blobs; then tags and referrers.
#[test]
fn from_a_number_on_the_stages_before_it_are_left_out() {
    let (upstream, image) = upstream(137);
    upstream.require("ada", "secret");
    let mirror = doing(StageChoice::From(3), &upstream, "");
    // Manifests are asked for anonymously, blobs with credentials.
    mirror.get(&tag_path("app", "v1")).is(404);
    let layer = &image.layers[0][0];
    mirror
        .get(&blob_path("app", layer))
        .is(200)
        .has(&layer.bytes);
    let plans = lazaret_registry::mirror_plans(&mirror.source()).unwrap();
    let stages: Vec<&str> = plans[0].stages.iter().map(|one| &one.stage[..]).collect();
    assert_eq!(stages[..4], ["resolve", "cache", "pull", "login"]);
}

#[test]
fn only_one_number_leaves_out_all_others() {
    let (upstream, image) = upstream(138);
    let mirror = doing(StageChoice::Only(5), &upstream, "");
    for _ in 0..2 {
        mirror
            .get(&tag_path("app", "v1"))
            .is(200)
            .has(&image.index.bytes);
    }
    // Nothing is kept, and blobs are not pulled.
    assert_eq!(
        upstream.count("GET", "/manifests/v1"),
        2,
        "{:?}",
        upstream.log()
    );
    mirror.get(&blob_path("app", &image.layers[0][0])).is(404);
}

#[test]
fn a_tagged_pipeline_is_for_clients_that_ask_for_it() {
    let (upstream, image) = upstream(139);
    let more = format!(
        "{}\n[upstreams.pipeline.tagged.none]\nmanifests = {{ stages = [\"cache\"] }}",
        pipeline("\"cache\", \"pull\"", "\"cache\", \"pull\"")
    );
    let mirror = doing(StageChoice::All, &upstream, &more);
    let header = [("x-ms-upgrade-if-streamable", "none")];
    mirror.ask("GET", &tag_path("app", "v1"), &header).is(404);
    let other = [("x-ms-upgrade-if-streamable", "other")];
    mirror.ask("GET", &tag_path("app", "v1"), &other).is(200);
    mirror.ask("GET", &tag_path("app", "v1"), &header).is(200);
    let layer = &image.layers[0][0];
    mirror.ask("GET", &blob_path("app", layer), &header).is(200);
}
