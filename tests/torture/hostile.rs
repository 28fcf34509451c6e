//! Hostile requests: each gets the right refusal and leaves nothing behind.

mod bodies;
mod framing;
mod leftovers;
mod paths;
mod slow;
mod tokens;

use std::path::PathBuf;

use lazaret_testing::http::{Reply, exchange};
use leftovers::Leftovers;

use crate::content;
use crate::server::Server;

/// Largest memory that a server may need to refuse all requests, in bytes. It is a debug build.
const MEMORY: u64 = 160 * 1024 * 1024;

/// A server with one image, `a:v1`, of the blobs `{}` and `layer`.
struct Target {
    server: Server,
    root: PathBuf,
    folder: tempfile::TempDir,
    manifest: Vec<u8>,
}

impl Target {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        let server = Server::start(&root);
        for blob in [&b"{}"[..], b"layer"] {
            let reply = content::push(server.address, "a", blob).unwrap();
            assert_eq!(reply.status, 201, "{reply:?}");
        }
        let manifest = content::manifest(b"{}", &[b"layer"], "");
        let reply = content::put_manifest(server.address, "a", "v1", &manifest).unwrap();
        assert_eq!(reply.status, 201, "{reply:?}");
        Self {
            server,
            root,
            folder,
            manifest,
        }
    }

    /// Sends raw bytes; `None` when the server closes without a response.
    fn raw(&self, request: &[u8]) -> Option<Reply> {
        let answer = exchange(self.server.address, request).unwrap_or_default();
        Reply::parse(&answer, false).ok()
    }

    /// Checks that everything is as before: the image, the folder, the server's health.
    #[track_caller]
    fn is_unharmed(&self) {
        let reply = self.server.get("/v2/a/manifests/v1");
        assert_eq!(reply.body, self.manifest, "{reply:?}");
        assert_eq!(
            self.server.get("/v2/_catalog").json()["repositories"],
            serde_json::json!(["a"])
        );
        assert_eq!(
            self.server.get("/v2/a/tags/list").json()["tags"],
            serde_json::json!(["v1"])
        );
        Leftovers::assert_none(&self.root);
        let beside: Vec<_> = std::fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .filter(|name| {
                !["root", "root.log", "root.home"]
                    .iter()
                    .any(|ours| name == ours)
            })
            .collect();
        assert!(
            beside.is_empty(),
            "beside the registry's folder: {beside:?}"
        );
        let log = self.server.log();
        assert!(!log.contains("panicked"), "{log}");
        let peak = self.server.program.usage().peak_memory;
        assert!(peak < MEMORY, "the server needed {peak} bytes");
    }
}
