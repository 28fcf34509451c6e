//! Every form of content in the distribution and image specifications, each through its whole
//! [life](crate::life).

use lazaret_oci::{Algorithm, media_type};
use serde_json::json;

use crate::harness::{
    Content, Document, EXAMPLE, Served, artifact, descriptor, docker_image, image, image_over,
    index, unique,
};
use crate::life::Set;

on_every_backend!(
    images,
    uncompressed_images,
    images_with_large_manifests,
    indexes,
    nested_indexes,
    empty_indexes,
    artifacts,
    indexes_of_artifacts,
    artifacts_without_layers,
    artifacts_with_a_subject,
    indexes_with_a_subject,
    artifacts_whose_subject_is_missing,
    descriptors_with_data,
    layers_that_are_not_distributed,
    fields_of_ones_own,
    images_without_layers,
    sparse_indexes,
    content_under_sha512,
    tag_parameters,
    tag_parameters_under_sha512,
    images_of_docker,
    empty_and_well_known_blobs,
);

/// An image of two layers, whose manifest is not in the set yet.
fn layered(set: &mut Set, algorithm: Algorithm) -> Document {
    let config = set.blob(Content::with(algorithm, 200));
    let layers = [
        set.blob(Content::with(algorithm, 3000)),
        set.blob(Content::with(algorithm, 500)),
    ];
    image(&config, &[&layers[0], &layers[1]]).under(algorithm)
}

/// An index of two images, whose own manifest is not in the set yet.
fn listed(set: &mut Set, algorithm: Algorithm) -> Document {
    let images = [layered(set, algorithm), layered(set, algorithm)];
    let mut entries = Vec::new();
    for (image, architecture) in images.into_iter().zip(["amd64", "arm64"]) {
        let mut entry = set.manifest(image).descriptor();
        entry["platform"] = json!({"os": "linux", "architecture": architecture});
        entries.push(entry);
    }
    index(&[])
        .with("manifests", json!(entries))
        .under(algorithm)
}

/// The empty configuration, which is added to the set once.
fn empty(set: &mut Set) -> Content {
    let empty = Content::of(Algorithm::Sha256, b"{}");
    if !set.blobs.iter().any(|have| have.digest == empty.digest) {
        set.blobs.push(empty.clone());
    }
    empty
}

fn typed(set: &mut Set, kind: &str) -> Document {
    let (empty, blob) = (empty(set), set.blob(Content::new(700)));
    artifact(kind, &empty, &blob)
}

fn images(registry: &Served) {
    let mut set = Set::default();
    let image = layered(&mut set, Algorithm::Sha256);
    set.tagged("image", image);
    set.lives(registry);
}

fn uncompressed_images(registry: &Served) {
    let mut set = Set::default();
    let config = set.blob(Content::new(100));
    let layer = set.blob(Content::new(10_240));
    let config = descriptor(media_type::IMAGE_CONFIG, &config);
    let layer = descriptor(media_type::LAYER, &layer);
    set.tagged("plain", image_over(config, vec![layer]));
    set.lives(registry);
}

/// 390 annotations of 10,000 characters make a manifest of nearly 4 MB.
fn images_with_large_manifests(registry: &Served) {
    let mut set = Set::default();
    let image = layered(&mut set, Algorithm::Sha256);
    let annotations: serde_json::Map<_, _> = (0..390)
        .map(|number| (format!("large-{number}"), json!("A".repeat(10_000))))
        .collect();
    set.tagged("large", image.with("annotations", annotations.into()));
    set.lives(registry);
}

fn indexes(registry: &Served) {
    let mut set = Set::default();
    let list = listed(&mut set, Algorithm::Sha256);
    set.tagged("index", list);
    set.lives(registry);
}

fn nested_indexes(registry: &Served) {
    let mut set = Set::default();
    let inner = [0, 1].map(|_| {
        let list = listed(&mut set, Algorithm::Sha256);
        set.manifest(list)
    });
    set.tagged("index-of-index", index(&[&inner[0], &inner[1]]));
    set.lives(registry);
}

fn empty_indexes(registry: &Served) {
    let mut set = Set::default();
    set.tagged("empty", index(&[]).another());
    set.lives(registry);
}

fn artifacts(registry: &Served) {
    let mut set = Set::default();
    let document = typed(&mut set, EXAMPLE);
    set.tagged("artifact", document);
    set.lives(registry);
}

fn indexes_of_artifacts(registry: &Served) {
    let mut set = Set::default();
    let parts = [0, 1].map(|_| {
        let document = typed(&mut set, EXAMPLE);
        set.manifest(document)
    });
    let list = index(&[&parts[0], &parts[1]]);
    set.tagged("artifacts", list.with("artifactType", json!(EXAMPLE)));
    set.lives(registry);
}

/// The only layer is also the configuration.
fn artifacts_without_layers(registry: &Served) {
    let mut set = Set::default();
    let empty = descriptor(media_type::EMPTY, &empty(&mut set));
    let document = image_over(empty.clone(), vec![empty]);
    let document = document.with("artifactType", json!(EXAMPLE)).another();
    set.tagged("no-layers", document);
    set.lives(registry);
}

/// Three referrers of three types: one has that of its configuration, two have their own.
fn artifacts_with_a_subject(registry: &Served) {
    let mut set = Set::default();
    let image = layered(&mut set, Algorithm::Sha256);
    let subject = set.tagged("image", image);
    let about = layered(&mut set, Algorithm::Sha256);
    set.manifest(about.with("subject", subject.descriptor()));
    for (kind, tag) in [
        (EXAMPLE, "first"),
        ("application/vnd.example.other", "second"),
    ] {
        let about = typed(&mut set, kind).with("subject", subject.descriptor());
        let annotations = json!({"org.example.said": "hello", unique(): unique()});
        set.tagged(tag, about.with("annotations", annotations));
    }
    set.lives(registry);
}

fn indexes_with_a_subject(registry: &Served) {
    let mut set = Set::default();
    let list = listed(&mut set, Algorithm::Sha256);
    let subject = set.tagged("index", list);
    for kind in [Some(EXAMPLE), None] {
        let part = typed(&mut set, EXAMPLE);
        let part = set.manifest(part);
        let mut about = index(&[&part]).another();
        about = about.with("subject", subject.descriptor());
        if let Some(kind) = kind {
            about = about.with("artifactType", json!(kind));
        }
        set.manifest(about);
    }
    set.lives(registry);
}

fn artifacts_whose_subject_is_missing(registry: &Served) {
    let mut set = Set::default();
    let absent = Content::new(123);
    let about = typed(&mut set, EXAMPLE).another();
    let subject = descriptor(media_type::MANIFEST, &absent);
    set.tagged("about-nothing", about.with("subject", subject));
    set.lives(registry);
}

/// Image specification, "Embedded Content": the descriptors contain the content as well.
fn descriptors_with_data(registry: &Served) {
    let mut set = Set::default();
    let config = set.blob(Content::of(Algorithm::Sha256, b"{}"));
    let layer = set.blob(Content::of(Algorithm::Sha256, b"abc"));
    let mut config = descriptor(media_type::EMPTY, &config);
    config["data"] = json!("e30=");
    let mut layer = descriptor(EXAMPLE, &layer);
    layer["data"] = json!("YWJj");
    set.tagged("data", image_over(config, vec![layer]).another());
    set.lives(registry);
}

/// Two layers have URLs and are never pushed, one is pushed.
fn layers_that_are_not_distributed(registry: &Served) {
    let mut set = Set::default();
    let config = set.blob(Content::new(100));
    let mut layers: Vec<_> = ["tar+gzip", "tar"]
        .into_iter()
        .map(|end| {
            let kind = format!("application/vnd.oci.image.layer.nondistributable.v1.{end}");
            let mut layer = descriptor(&kind, &Content::new(50));
            layer["urls"] = json!(["https://store.example/blob"]);
            layer
        })
        .collect();
    let layer = set.blob(Content::new(800));
    layers.push(descriptor(media_type::LAYER_GZIP, &layer));
    let config = descriptor(media_type::IMAGE_CONFIG, &config);
    set.tagged("far", image_over(config, layers));
    set.lives(registry);
}

fn fields_of_ones_own(registry: &Served) {
    let mut set = Set::default();
    let parts = [0, 1].map(|_| {
        let image = layered(&mut set, Algorithm::Sha256);
        set.manifest(image.with(&unique(), json!({"own": [unique()]})))
    });
    let list = index(&[&parts[0], &parts[1]]);
    set.tagged("own", list.with(&unique(), json!(unique())));
    set.lives(registry);
}

fn images_without_layers(registry: &Served) {
    let mut set = Set::default();
    let config = set.blob(Content::new(100));
    set.tagged("bare", image(&config, &[]));
    set.lives(registry);
}

/// An index of one image that is in the repository and one that is not.
fn sparse_indexes(registry: &Served) {
    let mut set = Set::default();
    let here = layered(&mut set, Algorithm::Sha256);
    let here = set.manifest(here);
    let absent = here.another();
    set.tagged("sparse", index(&[&here, &absent]));
    set.lives(registry);
}

/// Pushed by digest only, because a push to a tag would use sha256.
fn content_under_sha512(registry: &Served) {
    let mut set = Set::default();
    let list = listed(&mut set, Algorithm::Sha512);
    set.manifest(list);
    set.lives(registry);
}

fn with_tag_parameters(registry: &Served, algorithm: Algorithm) {
    let mut set = Set {
        tag_parameters: true,
        ..Set::default()
    };
    let list = listed(&mut set, algorithm);
    set.tagged("both", list);
    for number in 0..set.manifests.len() {
        set.tags.push((format!("number-{number}"), number));
    }
    set.lives(registry);
}

fn tag_parameters(registry: &Served) {
    with_tag_parameters(registry, Algorithm::Sha256);
}

fn tag_parameters_under_sha512(registry: &Served) {
    with_tag_parameters(registry, Algorithm::Sha512);
}

fn images_of_docker(registry: &Served) {
    let mut set = Set::default();
    let images = [0, 1].map(|_| {
        let (config, layer) = (set.blob(Content::new(90)), set.blob(Content::new(900)));
        set.manifest(docker_image(&config, &layer))
    });
    let list = index(&[&images[0], &images[1]]);
    set.tagged(
        "docker",
        list.with("mediaType", json!(media_type::DOCKER_INDEX)),
    );
    set.lives(registry);
}

/// Blobs of zero and of two bytes, under both algorithms, in one image.
fn empty_and_well_known_blobs(registry: &Served) {
    let mut set = Set::default();
    let mut layers = Vec::new();
    for algorithm in crate::harness::ALGORITHMS {
        for bytes in [&b""[..], b"{}"] {
            let content = set.blob(Content::of(algorithm, bytes));
            layers.push(descriptor(EXAMPLE, &content));
        }
    }
    let config = layers[1].clone();
    set.tagged("small", image_over(config, layers).another());
    set.lives(registry);
}
