//! A client that pushes, mounts, tags and deletes, and records what was acknowledged.

use std::io;
use std::net::SocketAddr;

use fastrand::Rng;
use lazaret_oci::Digest;
use lazaret_testing::http::{Reply, send};

use crate::content;
use crate::model::Model;

/// The repository that all pushers push to; its blobs are never deleted.
const SHARED: &str = "shared/app";
/// Largest number of manifests that a pusher keeps in a repository.
const MOST: usize = 8;

/// The content that all pushers push.
pub(super) fn pool() -> Vec<Vec<u8>> {
    let sizes = [1, 2, 100, 4_096, 20_000, 65_536, 70_000, 300_000];
    let sizes = sizes.into_iter().cycle().take(24);
    (0..)
        .zip(sizes)
        .map(|(seed, size)| content::bytes(seed, size))
        .collect()
}

pub(super) struct Pusher<'a> {
    number: usize,
    pushers: usize,
    pool: &'a [Vec<u8>],
    random: Rng,
    /// The state that holds after the last response.
    pub(super) before: Model,
    /// The state that will hold after the current request.
    pub(super) after: Model,
    /// Manifests by digest, to know the blobs that they name.
    manifests: Vec<(String, Vec<u8>)>,
    /// Uploads that were interrupted by a kill.
    open: Vec<(String, usize)>,
    pub(super) answers: u64,
    pub(super) resumed: u64,
}

impl<'a> Pusher<'a> {
    pub(super) fn new(number: usize, pushers: usize, pool: &'a [Vec<u8>], seed: u64) -> Self {
        Self {
            number,
            pushers,
            pool,
            random: Rng::with_seed(seed ^ ((number as u64 + 1) << 32)),
            before: Model::default(),
            after: Model::default(),
            manifests: Vec::new(),
            open: Vec::new(),
            answers: 0,
            resumed: 0,
        }
    }

    /// Works until the server does not respond any more.
    pub(super) fn run(&mut self, server: SocketAddr) -> io::Error {
        loop {
            if let Err(error) = self.act(server) {
                return error;
            }
        }
    }

    fn act(&mut self, server: SocketAddr) -> io::Result<()> {
        let own = format!("own/{}", self.number);
        let name = if self.random.bool() {
            SHARED.to_owned()
        } else {
            own.clone()
        };
        match self.random.u8(..100) {
            0..25 => self.push_blob(server, &name),
            25..40 => self.chunked(server, &name),
            40..45 => self.resume(server),
            45..55 => self.mount(server, &own),
            55..75 => self.tag(server, &name),
            75..80 => self.untag(server, &name),
            80..85 => self.delete_manifest(server, &name),
            85..90 => self.delete_blob(server, &own),
            _ => self.read(server),
        }
    }

    /// Sends a request. Its change holds when the response has this status.
    fn request(
        &mut self,
        change: impl Fn(&mut Model),
        status: &[u16],
        send: impl FnOnce() -> io::Result<Reply>,
    ) -> io::Result<Reply> {
        change(&mut self.after);
        let reply = send()?;
        assert!(status.contains(&reply.status), "{status:?}, not {reply:?}");
        if reply.status == status[0] {
            self.before = self.after.clone();
        } else {
            self.after = self.before.clone();
        }
        self.answers += 1;
        Ok(reply)
    }

    fn push_blob(&mut self, server: SocketAddr, name: &str) -> io::Result<()> {
        let content = self.any_content();
        let key = (name.to_owned(), Digest::of(content));
        let change = |model: &mut Model| {
            model.blobs.insert(key.clone(), true);
        };
        self.request(change, &[201], || content::push(server, name, content))?;
        Ok(())
    }

    fn chunked(&mut self, server: SocketAddr, name: &str) -> io::Result<()> {
        let index = self.random.usize(..self.pool.len());
        let content = &self.pool[index];
        let location = content::start(server, name)?;
        // Until it is finished, the upload may still be open after a kill.
        self.open.push((location.clone(), index));
        let middle = self.random.usize(..content.len());
        for (first, chunk) in [(0, &content[..middle]), (middle, &content[middle..])] {
            if !chunk.is_empty() {
                let reply = content::patch(server, &location, first, chunk)?;
                assert_eq!(reply.status, 202, "{reply:?}");
            }
        }
        self.finish(server, name, &location, index)?;
        self.open.pop();
        Ok(())
    }

    fn finish(
        &mut self,
        server: SocketAddr,
        name: &str,
        location: &str,
        index: usize,
    ) -> io::Result<()> {
        let digest = Digest::of(&self.pool[index]);
        let key = (name.to_owned(), digest.clone());
        let change = |model: &mut Model| {
            model.blobs.insert(key.clone(), true);
        };
        self.request(change, &[201], || {
            content::finish(server, location, &digest, b"")
        })?;
        Ok(())
    }

    /// Continues an interrupted upload at the position that the server reports.
    fn resume(&mut self, server: SocketAddr) -> io::Result<()> {
        let Some((location, index)) = self.open.first().cloned() else {
            return Ok(());
        };
        let status = send(server, "GET", &location, &[], b"")?;
        if status.status == 404 {
            // The kill came before its first byte was durable, or after it was finished.
            self.open.remove(0);
            return Ok(());
        }
        assert_eq!(status.status, 204, "{status:?}");
        let content = &self.pool[index];
        let last: usize = status.header("range").unwrap()[2..].parse().unwrap();
        // The range is the same for no byte and for one byte; the server tells them apart when it
        // is asked.
        let mut staged = if last == 0 { 0 } else { last + 1 };
        if staged == 0 {
            let reply = content::patch(server, &location, 0, &content[..1])?;
            assert!(matches!(reply.status, 202 | 416), "{reply:?}");
            staged = 1;
        }
        if staged < content.len() {
            let reply = content::patch(server, &location, staged, &content[staged..])?;
            assert_eq!(reply.status, 202, "{reply:?}");
        }
        let name = location.strip_prefix("/v2/").unwrap();
        let name = name.split_once("/blobs/").unwrap().0.to_owned();
        self.finish(server, &name, &location, index)?;
        self.open.remove(0);
        self.resumed += 1;
        Ok(())
    }

    /// Mounts a blob of another pusher, who may be deleting it; then an upload starts instead.
    fn mount(&mut self, server: SocketAddr, name: &str) -> io::Result<()> {
        let from = format!("own/{}", self.random.usize(..self.pushers));
        let digest = Digest::of(self.any_content());
        let key = (name.to_owned(), digest.clone());
        let change = |model: &mut Model| {
            model.blobs.insert(key.clone(), true);
        };
        let path = format!("/v2/{name}/blobs/uploads/?mount={digest}&from={from}");
        self.request(change, &[201, 202], || {
            send(server, "POST", &path, &[], b"")
        })?;
        Ok(())
    }

    fn tag(&mut self, server: SocketAddr, name: &str) -> io::Result<()> {
        let known: Vec<&[u8]> = self
            .pool
            .iter()
            .filter(|content| {
                let key = (name.to_owned(), Digest::of(content));
                self.before.blobs.get(&key) == Some(&true)
            })
            .map(Vec::as_slice)
            .collect();
        if known.is_empty() {
            return Ok(());
        }
        if self.manifests.iter().filter(|(of, _)| of == name).count() >= MOST {
            return self.delete_manifest(server, name);
        }
        let mut layer = || known[self.random.usize(..known.len())];
        let (config, layers) = (layer(), [layer(), layer()]);
        let note = format!("{} {}", self.number, self.random.u64(..));
        let manifest = content::manifest(config, &layers, &note);
        let digest = Digest::of(&manifest);
        let tag = format!("p{}-{}", self.number, self.random.u8(..4));
        let change = |model: &mut Model| {
            model
                .manifests
                .insert((name.to_owned(), digest.clone()), true);
            model
                .tags
                .insert((name.to_owned(), tag.clone()), Some(digest.clone()));
        };
        self.manifests.push((name.to_owned(), manifest.clone()));
        self.request(change, &[201], || {
            content::put_manifest(server, name, &tag, &manifest)
        })?;
        Ok(())
    }

    fn untag(&mut self, server: SocketAddr, name: &str) -> io::Result<()> {
        let tags = self.before.tags.iter();
        let mut tags = tags.filter(|((of, _), points_to)| of == name && points_to.is_some());
        let Some(key) = tags.next().map(|(key, _)| key.clone()) else {
            return Ok(());
        };
        let path = format!("/v2/{name}/manifests/{}", key.1);
        let change = |model: &mut Model| {
            model.tags.insert(key.clone(), None);
        };
        self.request(change, &[202], || send(server, "DELETE", &path, &[], b""))?;
        Ok(())
    }

    fn delete_manifest(&mut self, server: SocketAddr, name: &str) -> io::Result<()> {
        let Some(index) = self.manifests.iter().position(|(of, _)| of == name) else {
            return Ok(());
        };
        let digest = Digest::of(&self.manifests[index].1);
        let key = (name.to_owned(), digest.clone());
        if self.before.manifests.get(&key) != Some(&true) {
            // Its interrupted push did not take effect, or its interrupted deletion did.
            self.manifests.remove(index);
            return Ok(());
        }
        let change = |model: &mut Model| {
            model.manifests.insert(key.clone(), false);
            for ((of, _), points_to) in &mut model.tags {
                if of == name && points_to.as_ref() == Some(&digest) {
                    *points_to = None;
                }
            }
        };
        let path = format!("/v2/{name}/manifests/{digest}");
        self.request(change, &[202], || send(server, "DELETE", &path, &[], b""))?;
        self.manifests.remove(index);
        Ok(())
    }

    /// Deletes a blob that no manifest names.
    fn delete_blob(&mut self, server: SocketAddr, name: &str) -> io::Result<()> {
        let mut named = Vec::new();
        for (_, manifest) in self.manifests.iter().filter(|(of, _)| of == name) {
            named.extend(content::blobs_of(manifest));
        }
        let blobs = self.before.blobs.iter();
        let mut free =
            blobs.filter(|((of, digest), there)| of == name && **there && !named.contains(digest));
        let Some(key) = free.next().map(|(key, _)| key.clone()) else {
            return Ok(());
        };
        let path = format!("/v2/{name}/blobs/{}", key.1);
        let change = |model: &mut Model| {
            model.blobs.insert(key.clone(), false);
        };
        self.request(change, &[202], || send(server, "DELETE", &path, &[], b""))?;
        Ok(())
    }

    /// Reads content that was acknowledged.
    fn read(&mut self, server: SocketAddr) -> io::Result<()> {
        let there: Vec<_> = self
            .before
            .blobs
            .iter()
            .filter(|(_, there)| **there)
            .collect();
        if there.is_empty() {
            return Ok(());
        }
        let ((name, digest), _) = there[self.random.usize(..there.len())];
        let reply = send(
            server,
            "GET",
            &format!("/v2/{name}/blobs/{digest}"),
            &[],
            b"",
        )?;
        assert_eq!(reply.status, 200, "{name} {digest}: {reply:?}");
        assert_eq!(Digest::of(&reply.body), *digest, "{name} reads wrong");
        Ok(())
    }

    fn any_content(&mut self) -> &'a [u8] {
        &self.pool[self.random.usize(..self.pool.len())]
    }
}
