//! The content that a registry must have after each response, and the check that it does.

use std::collections::{BTreeMap, BTreeSet};

use lazaret_oci::Digest;

use crate::content;
use crate::server::Server;

/// What clients know from responses: `true` for existing content, `false` for deleted content.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Model {
    pub(crate) blobs: BTreeMap<(String, Digest), bool>,
    pub(crate) manifests: BTreeMap<(String, Digest), bool>,
    pub(crate) tags: BTreeMap<(String, String), Option<Digest>>,
}

/// Compares a registry with what its clients knew before a crash. `before` holds after the last
/// response, `after` would hold after the next one: a request that was under way may or may not
/// have taken effect.
pub(crate) fn faults(server: &Server, before: &Model, after: &Model) -> Vec<String> {
    let mut faults = Vec::new();
    let mut check = |what: String, seen: String, allowed: [String; 2]| {
        if !allowed.contains(&seen) {
            faults.push(format!("{what} is {seen}, not {allowed:?}"));
        }
    };
    for key in keys(&before.blobs, &after.blobs) {
        let (name, digest) = key;
        let seen = blob(server, key);
        let told = |model: &Model| presence(model.blobs.get(key).copied());
        check(
            format!("blob {name} {digest}"),
            seen,
            [told(before), told(after)],
        );
    }
    for key in keys(&before.manifests, &after.manifests) {
        let (name, digest) = key;
        let seen = manifest(server, key);
        let told = |model: &Model| presence(model.manifests.get(key).copied());
        check(
            format!("manifest {name} {digest}"),
            seen,
            [told(before), told(after)],
        );
    }
    for key in keys(&before.tags, &after.tags) {
        let (name, tag) = key;
        let seen = pointed_to(server, key);
        let told = |model: &Model| match model.tags.get(key) {
            Some(Some(digest)) => digest.to_string(),
            _ => "absent".to_owned(),
        };
        check(
            format!("tag {name}:{tag}"),
            seen,
            [told(before), told(after)],
        );
    }
    faults.extend(half_visible(server, before, after));
    faults
}

/// Finds out after a crash which changes of the interrupted request have taken effect. Everything
/// else is as in `before`.
pub(crate) fn settled(server: &Server, before: &Model, after: &Model) -> Model {
    let mut model = before.clone();
    for key in keys(&before.blobs, &after.blobs) {
        let is_there = || blob(server, key) == "there";
        // The state of a blob that was never acknowledged is unknown, because other pushers may
        // push it.
        if before.blobs.get(key) != after.blobs.get(key)
            && (is_there() || before.blobs.contains_key(key))
        {
            model.blobs.insert(key.clone(), is_there());
        }
    }
    for key in keys(&before.manifests, &after.manifests) {
        if before.manifests.get(key) != after.manifests.get(key) {
            model
                .manifests
                .insert(key.clone(), manifest(server, key) == "there");
        }
    }
    for key in keys(&before.tags, &after.tags) {
        if before.tags.get(key) != after.tags.get(key) {
            model
                .tags
                .insert(key.clone(), pointed_to(server, key).parse().ok());
        }
    }
    model
}

/// Whether a blob exists and has the right content.
pub(crate) fn blob(server: &Server, (name, digest): &(String, Digest)) -> String {
    content_at(server, &format!("/v2/{name}/blobs/{digest}"), digest)
}

fn manifest(server: &Server, (name, digest): &(String, Digest)) -> String {
    content_at(server, &format!("/v2/{name}/manifests/{digest}"), digest)
}

fn pointed_to(server: &Server, (name, tag): &(String, String)) -> String {
    let reply = server.get(&format!("/v2/{name}/manifests/{tag}"));
    match reply.status {
        200 => Digest::of(&reply.body).to_string(),
        404 => "absent".to_owned(),
        status => format!("answered with {status}"),
    }
}

/// Checks that everything that is listed is complete, acknowledged or not.
fn half_visible(server: &Server, before: &Model, after: &Model) -> Vec<String> {
    let mut faults = Vec::new();
    let names: BTreeSet<&String> = [before, after]
        .iter()
        .flat_map(|model| model.blobs.keys().map(|(name, _)| name))
        .collect();
    for name in names {
        let listing = server.get(&format!("/v2/{name}/tags/list"));
        let tags = match listing.status {
            200 => listing.json()["tags"].clone(),
            404 => continue,
            status => {
                faults.push(format!("the tags of {name} answer with {status}"));
                continue;
            }
        };
        for tag in tags.as_array().into_iter().flatten() {
            let tag = tag.as_str().unwrap();
            let manifest = server.get(&format!("/v2/{name}/manifests/{tag}"));
            if manifest.status != 200 {
                faults.push(format!(
                    "{name}:{tag} is listed and answers {}",
                    manifest.status
                ));
                continue;
            }
            let digest = Digest::of(&manifest.body);
            if manifest.header("docker-content-digest") != Some(&digest.to_string()) {
                faults.push(format!("{name}:{tag} is not what its header says"));
            }
            for blob in content::blobs_of(&manifest.body) {
                let seen = content_at(server, &format!("/v2/{name}/blobs/{blob}"), &blob);
                if seen != "there" {
                    faults.push(format!("{name}:{tag} names {blob}, which is {seen}"));
                }
            }
        }
    }
    faults
}

/// Whether the content has the digest.
fn content_at(server: &Server, path: &str, digest: &Digest) -> String {
    let reply = server.get(path);
    match reply.status {
        200 if Digest::with(digest.algorithm(), &reply.body) == *digest => "there".to_owned(),
        200 => format!("{} other bytes", reply.body.len()),
        404 => "absent".to_owned(),
        status => format!("answered with {status}"),
    }
}

fn presence(told: Option<bool>) -> String {
    let is_there = told == Some(true);
    if is_there { "there" } else { "absent" }.to_owned()
}

fn keys<'a, K: Ord, V>(before: &'a BTreeMap<K, V>, after: &'a BTreeMap<K, V>) -> BTreeSet<&'a K> {
    before.keys().chain(after.keys()).collect()
}
