//! The mirror: an instance in this process, over a folder that outlives it.

use std::fs::Permissions;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use lazaret_client::CredentialFiles;
use lazaret_registry::{Instance, Root, Signals, Source, StageChoice};
use lazaret_testing::service::Service;
use tempfile::TempDir;

use super::client::{Answer, ask, until};
use super::content::Stored;
use super::upstream::Upstream;

/// A running mirror, with the prefix `up` for its upstream `up.example`.
pub(crate) struct Served {
    folder: TempDir,
    stages: StageChoice,
    /// `None` between two lives.
    service: Option<Service>,
}

impl Served {
    /// A mirror of one upstream.
    pub(crate) fn of(upstream: &Upstream) -> Self {
        Self::with(upstream, "", "")
    }

    /// The same with further settings of `[mirror]` and of the upstream.
    pub(crate) fn with(upstream: &Upstream, mirror: &str, more: &str) -> Self {
        let url = upstream.url();
        Self::start(&format!(
            "[mirror]\n{mirror}\n[[upstreams]]\nnamespace = \"up.example\"\nprefix = \"up\"\n\
             endpoints = [\"{url}\"]\n{more}\n"
        ))
    }

    /// A mirror with all of these settings.
    pub(crate) fn start(settings: &str) -> Self {
        Self::beside(&[], settings)
    }

    /// The same beside files of these names; `FOLDER` in the settings is their folder.
    pub(crate) fn beside(files: &[(&str, &str)], settings: &str) -> Self {
        Self::doing(StageChoice::All, files, settings)
    }

    /// The same with some stages left out.
    pub(crate) fn doing(stages: StageChoice, files: &[(&str, &str)], settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        }
        let text = format!("listen = [\"127.0.0.1:0\"]\n{settings}");
        let text = text.replace("FOLDER", folder.path().to_str().unwrap());
        std::fs::write(folder.path().join("registry.toml"), text).unwrap();
        let mut served = Self {
            folder,
            stages,
            service: None,
        };
        served.begin();
        served
    }

    fn begin(&mut self) {
        let source = self.source();
        self.service = Some(Service::start(async move |running| {
            let instance = Instance::open(source).await.unwrap();
            let address = instance.addresses().next().unwrap();
            let ended = running.at(address);
            // Nothing under way is finished.
            tokio::select! {
                () = instance.serve(Signals::until(std::future::pending())) => {}
                () = ended => {}
            }
        }));
    }

    /// Kills it.
    pub(crate) fn kill(&mut self) {
        drop(self.service.take());
    }

    /// Kills it and starts it again over the same folder, at another address.
    pub(crate) fn restart(&mut self) {
        self.kill();
        self.begin();
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.service.as_ref().unwrap().address
    }

    /// Its folder, which has the settings and the content.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The files of blobs that are not stored yet.
    pub(crate) fn unfinished(&self) -> Vec<PathBuf> {
        let folder = self.folder().join("content/partial");
        let files = std::fs::read_dir(folder).unwrap().flatten();
        files.map(|file| file.path()).collect()
    }

    /// Waits until everything that was fetched is stored.
    #[track_caller]
    pub(crate) fn settle(&self) {
        until("all blobs are stored", || self.unfinished().is_empty());
    }

    /// The source of its settings.
    pub(crate) fn source(&self) -> Source {
        let path = self.folder.path();
        Source {
            file: Some(path.join("registry.toml")),
            root: Root::Lasting(path.join("content")),
            credentials: CredentialFiles::default(),
            stages: self.stages,
            ..Source::default()
        }
    }

    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Answer {
        ask(self.address(), "GET", path, &[])
    }

    #[track_caller]
    pub(crate) fn head(&self, path: &str) -> Answer {
        ask(self.address(), "HEAD", path, &[])
    }

    #[track_caller]
    pub(crate) fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        ask(self.address(), method, path, headers)
    }

    /// `GET` of a part of a blob.
    #[track_caller]
    pub(crate) fn range(&self, path: &str, range: &str) -> Answer {
        self.ask("GET", path, &[("Range", range)])
    }

    /// Reads everything that a client of the first platform needs.
    #[track_caller]
    pub(crate) fn pull(&self, repository: &str, tag: &str, image: &super::image::Image) {
        self.get(&tag_path(repository, tag))
            .is(200)
            .has(&image.index.bytes);
        let manifest = &image.manifests[0];
        self.get(&manifest_path(repository, manifest))
            .is(200)
            .has(&manifest.bytes);
        for blob in image.blobs() {
            self.get(&blob_path(repository, blob))
                .is(200)
                .has(&blob.bytes);
        }
    }
}

/// The path of a blob of the upstream.
pub(crate) fn blob_path(repository: &str, blob: &Stored) -> String {
    format!("/v2/up/{repository}/blobs/{}", blob.digest)
}

/// The path of a manifest of the upstream.
pub(crate) fn manifest_path(repository: &str, manifest: &Stored) -> String {
    format!("/v2/up/{repository}/manifests/{}", manifest.digest)
}

/// The path of a tag of the upstream.
pub(crate) fn tag_path(repository: &str, tag: &str) -> String {
    format!("/v2/up/{repository}/manifests/{tag}")
}
