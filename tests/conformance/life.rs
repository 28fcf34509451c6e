//! Takes content through its whole life, in the order of a client: pushes blobs, manifests and
//! tags; lists, checks and reads them and their referrers; deletes all in the opposite order, and
//! checks each deletion immediately.

use serde_json::{Value, json};

use crate::harness::{Content, Document, Reply, Served, Way, encoded};

/// Content that is pushed and deleted together.
#[derive(Default)]
pub(crate) struct Set {
    /// Blobs to push.
    pub(crate) blobs: Vec<Content>,
    /// Manifests, in the order of their pushes.
    pub(crate) manifests: Vec<Document>,
    /// Tags, each with the index of its manifest.
    pub(crate) tags: Vec<(String, usize)>,
    /// Whether tags are pushed as parameters beside the digest.
    pub(crate) tag_parameters: bool,
}

impl Set {
    /// Adds a blob.
    pub(crate) fn blob(&mut self, content: Content) -> Content {
        self.blobs.push(content.clone());
        content
    }

    /// Adds a manifest, which is pushed after the earlier ones.
    pub(crate) fn manifest(&mut self, document: Document) -> Document {
        self.manifests.push(document.clone());
        document
    }

    /// Adds a manifest with a tag.
    pub(crate) fn tagged(&mut self, tag: &str, document: Document) -> Document {
        self.tags.push((tag.to_owned(), self.manifests.len()));
        self.manifest(document)
    }

    /// Runs from the first push to the last deletion.
    pub(crate) fn lives(&self, registry: &Served) {
        let name = registry.repository();
        self.push(registry, &name);
        self.list(registry, &name);
        self.read(registry, &name);
        self.refer(registry, &name);
        self.delete(registry, &name);
    }

    fn push(&self, registry: &Served, name: &str) {
        for (content, way) in self.blobs.iter().zip(Way::ALL.iter().cycle()) {
            let reply = way.push(registry, name, &content.digest, &content.bytes);
            let reply = reply
                .is(201)
                .has("docker-content-digest", &content.digest.to_string());
            let blob = registry.get(&reply.location()).is(200);
            blob.body_is(&content.bytes);
        }
        for (number, document) in self.manifests.iter().enumerate() {
            let tags: Vec<&str> = self.tags_of(number);
            let mut reference = document.digest.to_string();
            if self.tag_parameters {
                let parameters: Vec<String> = tags.iter().map(|tag| format!("tag={tag}")).collect();
                reference = format!("{reference}?{}", parameters.join("&"));
            }
            let reply = pushed(registry, name, &reference, document);
            if self.tag_parameters {
                let mut told = reply.all("oci-tag");
                told.sort_unstable();
                let mut expected = tags;
                expected.sort_unstable();
                assert_eq!(told, expected);
            }
        }
        if !self.tag_parameters {
            for (tag, number) in &self.tags {
                pushed(registry, name, tag, &self.manifests[*number]);
            }
        }
    }

    fn tags_of(&self, number: usize) -> Vec<&str> {
        let of_it = self.tags.iter().filter(|(_, of)| *of == number);
        of_it.map(|(tag, _)| tag.as_str()).collect()
    }

    fn list(&self, registry: &Served, name: &str) {
        let mut tags: Vec<&str> = self.tags.iter().map(|(tag, _)| tag.as_str()).collect();
        tags.sort_unstable();
        let path = format!("/v2/{name}/tags/list");
        let found = registry.get(&path).is(200).json();
        assert_eq!(found["tags"], json!(tags));
        let middle = tags.len() / 2;
        if let Some(last) = middle.checked_sub(1).map(|before| tags[before]) {
            let found = registry.get(&format!("{path}?last={last}")).is(200).json();
            assert_eq!(found["tags"], json!(tags[middle..]));
        }
    }

    fn read(&self, registry: &Served, name: &str) {
        let by_tag = self.tags.iter().map(|(tag, number)| {
            let path = format!("/v2/{name}/manifests/{tag}");
            (path, &self.manifests[*number])
        });
        let by_digest = self
            .manifests
            .iter()
            .map(|document| (document.path(name), document));
        for (path, document) in by_tag.chain(by_digest) {
            for method in ["HEAD", "GET"] {
                let reply = registry
                    .request(method, &path)
                    .header("Accept", lazaret_oci::media_type::INDEX)
                    .header("Accept", lazaret_oci::media_type::MANIFEST)
                    .send()
                    .is(200)
                    .has("content-type", &document.media_type)
                    .has("content-length", &document.raw.len().to_string())
                    .has("docker-content-digest", &document.digest.to_string());
                if method == "GET" {
                    reply.body_is(&document.raw);
                }
            }
        }
        for content in &self.blobs {
            let path = content.path(name);
            let (digest, length) = (content.digest.to_string(), content.bytes.len().to_string());
            for reply in [
                registry.head(&path),
                registry.get(&path).body_is(&content.bytes),
            ] {
                reply
                    .is(200)
                    .has("content-length", &length)
                    .has("docker-content-digest", &digest);
            }
        }
    }

    /// Checks that every subject lists its referrers, with and without a filter by type.
    fn refer(&self, registry: &Served, name: &str) {
        for document in &self.manifests {
            let value = document.value();
            let Some(subject) = value["subject"]["digest"].as_str() else {
                continue;
            };
            let path = format!("/v2/{name}/referrers/{subject}");
            let all = registry.get(&path).is(200).json();
            let entry = entry_of(&all, document);
            let kind = kind_of(&value);
            assert_eq!(entry["mediaType"], json!(document.media_type));
            assert_eq!(entry["size"], json!(document.raw.len()));
            assert_eq!(entry["artifactType"].as_str(), kind);
            let annotations = value.get("annotations").cloned();
            assert_eq!(entry.get("annotations").cloned(), annotations);
            let Some(kind) = kind else { continue };
            let path = format!("{path}?artifactType={}", encoded(kind));
            let reply = registry.get(&path).is(200);
            let some = reply.has("oci-filters-applied", "artifactType").json();
            assert_eq!(entry_of(&some, document), entry);
            for entry in some["manifests"].as_array().unwrap() {
                assert_eq!(entry["artifactType"], kind);
            }
        }
    }

    fn delete(&self, registry: &Served, name: &str) {
        for (tag, _) in &self.tags {
            gone(registry, &format!("/v2/{name}/manifests/{tag}"));
        }
        for document in self.manifests.iter().rev() {
            gone(registry, &document.path(name));
        }
        for content in &self.blobs {
            gone(registry, &content.path(name));
        }
        let tags = registry
            .get(&format!("/v2/{name}/tags/list"))
            .is(200)
            .json();
        assert_eq!(tags["tags"], json!([]));
    }
}

#[track_caller]
fn pushed(registry: &Served, name: &str, reference: &str, document: &Document) -> Reply {
    let digest = document.digest.to_string();
    let mut reply = registry
        .put(name, reference, document)
        .is(201)
        .has("docker-content-digest", &digest);
    if let Some(subject) = document.value()["subject"]["digest"].as_str() {
        reply = reply.has("oci-subject", subject);
    }
    registry
        .get(&reply.location())
        .is(200)
        .has("content-type", &document.media_type)
        .has("content-length", &document.raw.len().to_string())
        .body_is(&document.raw);
    reply
}

#[track_caller]
fn gone(registry: &Served, path: &str) {
    registry.delete(path).is(202);
    registry.head(path).is(404);
    registry.get(path).is(404);
}

#[track_caller]
fn entry_of(list: &Value, document: &Document) -> Value {
    let entries = list["manifests"].as_array().unwrap();
    let mut of_it = entries
        .iter()
        .filter(|entry| entry["digest"] == json!(document.digest));
    let entry = of_it.next().unwrap_or_else(|| panic!("{list}"));
    assert!(of_it.next().is_none(), "twice in {list}");
    entry.clone()
}

/// The type of a manifest in a list of referrers.
fn kind_of(value: &Value) -> Option<&str> {
    let declared = value["artifactType"]
        .as_str()
        .filter(|kind| !kind.is_empty());
    declared.or_else(|| value["config"]["mediaType"].as_str())
}
