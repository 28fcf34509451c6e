//! Runs pushes, deletions and a collection, and records what clients may rely on after each
//! response.

use lazaret_oci::Digest;
use lazaret_testing::http::Reply;

use crate::content;
use crate::model::Model;
use crate::server::Server;

/// Sends one request at a time to a server, and records the state after each response.
pub(super) struct Script {
    model: Model,
    /// The states after the first, second, ... response.
    pub(super) told: Vec<Model>,
}

impl Script {
    pub(super) fn new() -> Self {
        Self {
            model: Model::default(),
            told: Vec::new(),
        }
    }

    /// Records a response that changes nothing.
    pub(super) fn answered(&mut self) {
        self.told.push(self.model.clone());
    }

    fn expect(&mut self, reply: &Reply, status: u16, change: impl FnOnce(&mut Model)) {
        assert_eq!(reply.status, status, "{reply:?}");
        change(&mut self.model);
        self.answered();
    }

    fn blob(&mut self, server: &Server, name: &str, content: &[u8]) {
        let reply = content::push(server.address, name, content).unwrap();
        let key = (name.to_owned(), Digest::of(content));
        self.expect(&reply, 201, |model| {
            model.blobs.insert(key, true);
        });
    }

    fn chunked(&mut self, server: &Server, name: &str, chunks: &[&[u8]]) {
        let location = content::start(server.address, name).unwrap();
        self.answered();
        let mut sent = 0;
        for chunk in chunks {
            let reply = content::patch(server.address, &location, sent, chunk).unwrap();
            self.expect(&reply, 202, |_| {});
            sent += chunk.len();
        }
        let digest = Digest::of(&chunks.concat());
        let reply = content::finish(server.address, &location, &digest, b"").unwrap();
        let key = (name.to_owned(), digest);
        self.expect(&reply, 201, |model| {
            model.blobs.insert(key, true);
        });
    }

    fn abandoned(&mut self, server: &Server, name: &str, chunk: &[u8]) {
        let location = content::start(server.address, name).unwrap();
        self.answered();
        let reply = content::patch(server.address, &location, 0, chunk).unwrap();
        self.expect(&reply, 202, |_| {});
    }

    fn cancelled(&mut self, server: &Server, name: &str, chunk: &[u8]) {
        let location = content::start(server.address, name).unwrap();
        self.answered();
        let reply = content::patch(server.address, &location, 0, chunk).unwrap();
        self.expect(&reply, 202, |_| {});
        let reply = server.send("DELETE", &location, &[], b"");
        self.expect(&reply, 204, |_| {});
    }

    fn mount(&mut self, server: &Server, name: &str, from: &str, content: &[u8]) {
        let digest = Digest::of(content);
        let path = format!("/v2/{name}/blobs/uploads/?mount={digest}&from={from}");
        let reply = server.send("POST", &path, &[], b"");
        let key = (name.to_owned(), digest);
        self.expect(&reply, 201, |model| {
            model.blobs.insert(key, true);
        });
    }

    fn tag(&mut self, server: &Server, name: &str, tag: &str, manifest: &[u8]) {
        let reply = content::put_manifest(server.address, name, tag, manifest).unwrap();
        let digest = Digest::of(manifest);
        self.expect(&reply, 201, |model| {
            let tag = (name.to_owned(), tag.to_owned());
            model.tags.insert(tag, Some(digest.clone()));
            model.manifests.insert((name.to_owned(), digest), true);
        });
    }

    fn untag(&mut self, server: &Server, name: &str, tag: &str) {
        let reply = server.send("DELETE", &format!("/v2/{name}/manifests/{tag}"), &[], b"");
        let key = (name.to_owned(), tag.to_owned());
        self.expect(&reply, 202, |model| {
            model.tags.insert(key, None);
        });
    }

    fn delete_manifest(&mut self, server: &Server, name: &str, manifest: &[u8]) {
        let digest = Digest::of(manifest);
        let reply = server.send(
            "DELETE",
            &format!("/v2/{name}/manifests/{digest}"),
            &[],
            b"",
        );
        self.expect(&reply, 202, |model| {
            for ((of, _), points_to) in &mut model.tags {
                if of == name && points_to.as_ref() == Some(&digest) {
                    *points_to = None;
                }
            }
            model.manifests.insert((name.to_owned(), digest), false);
        });
    }

    fn delete_blob(&mut self, server: &Server, name: &str, content: &[u8]) {
        let digest = Digest::of(content);
        let reply = server.send("DELETE", &format!("/v2/{name}/blobs/{digest}"), &[], b"");
        let key = (name.to_owned(), digest);
        self.expect(&reply, 202, |model| {
            model.blobs.insert(key, false);
        });
    }

    /// Pushes images in chunks and whole, tags and moves them, and deletes a part.
    pub(super) fn first_day(&mut self, server: &Server) {
        let (config, small, large) = blobs();
        self.blob(server, "team/app", &config);
        self.chunked(
            server,
            "team/app",
            &[
                &large[..100_000],
                &large[100_000..170_001],
                &large[170_001..],
            ],
        );
        self.blob(server, "team/app", &small);
        let first = content::manifest(&config, &[&large, &small], "first");
        self.tag(server, "team/app", "v1", &first);
        self.tag(server, "team/app", "latest", &first);
        // The same content again, by a push and by a mount.
        self.blob(server, "team/app", &small);
        self.blob(server, "other", &config);
        self.mount(server, "other", "team/app", &small);
        let second = content::manifest(&config, &[&small], "second");
        self.tag(server, "other", "v1", &second);
        let third = content::manifest(&config, &[&small], "third");
        self.tag(server, "team/app", "latest", &third);
        self.untag(server, "other", "v1");
        self.abandoned(server, "other", &content::bytes(7, 50_000));
        self.cancelled(server, "other", &content::bytes(8, 9_000));
        self.delete_manifest(server, "team/app", &first);
        self.delete_blob(server, "team/app", &large);
        let last = content::bytes(9, 30_000);
        self.blob(server, "team/app", &last);
        self.tag(
            server,
            "team/app",
            "v2",
            &content::manifest(&config, &[&last], "fourth"),
        );
    }

    /// Pushes deleted content again, and deletes the rest.
    pub(super) fn second_day(&mut self, server: &Server) {
        let (config, small, large) = blobs();
        self.chunked(server, "team/app", &[&large[..200_000], &large[200_000..]]);
        let first = content::manifest(&config, &[&large, &small], "first");
        self.tag(server, "team/app", "v1", &first);
        self.delete_manifest(
            server,
            "other",
            &content::manifest(&config, &[&small], "second"),
        );
        self.delete_blob(server, "other", &small);
        // No blob without a manifest may remain, because the collection would remove it.
        self.delete_blob(server, "other", &config);
        self.blob(server, "fresh", &small);
        self.blob(server, "fresh", &config);
        self.tag(
            server,
            "fresh",
            "v1",
            &content::manifest(&config, &[&small], "fifth"),
        );
    }
}

fn blobs() -> (Vec<u8>, Vec<u8>, Vec<u8>) {
    (
        br#"{"note":"config"}"#.to_vec(),
        content::bytes(1, 5_000),
        content::bytes(2, 300_000),
    )
}
