//! Appends to an object in a bucket; receives the next part while others are in flight.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use lazaret_oci::Hasher;
use object_store::{ObjectStoreExt as _, PutPayload};
use tokio::task::JoinSet;

use super::bucket::failed;
use super::hashing::Hashing;
use super::keys::new_multipart;
use super::shared::Shared;
use super::state::{Multipart, State};
use crate::{BoxFuture, Error, ObjectWriter, Staged, UploadId};

/// Size in bytes of the blocks in which received bytes are hashed and kept.
const BLOCK: usize = 256 * 1024;

/// Most parts of one upload in flight.
const FLYING: usize = 2;

/// Most tails of one object; more are joined.
const TAILS: usize = 16;

pub(super) struct CloudWriter {
    shared: Arc<Shared>,
    id: UploadId,
    /// The state that holds once all parts in flight have arrived.
    state: State,
    /// Tails that this writer replaced; the previous state still needs them.
    replaced: Vec<String>,
    /// The block that is being received.
    block: BytesMut,
    /// Bytes that follow the parts and tails.
    collected: Vec<Bytes>,
    /// Number of bytes in `collected`.
    length: u64,
    hashing: Hashing,
    /// Whether no write has failed or was cancelled halfway.
    sound: bool,
    flying: JoinSet<(usize, Result<String, Error>)>,
}

impl CloudWriter {
    pub(super) fn new(
        shared: Arc<Shared>,
        id: UploadId,
        state: State,
        hasher: Option<Hasher>,
    ) -> Self {
        Self {
            shared,
            id,
            state,
            replaced: Vec::new(),
            block: BytesMut::new(),
            collected: Vec::new(),
            length: 0,
            hashing: Hashing::new(hasher),
            sound: true,
            flying: JoinSet::new(),
        }
    }

    /// Hashes and collects the block, and sends a part when there are more bytes than one part
    /// takes.
    async fn end_block(&mut self) -> Result<(), Error> {
        let block = self.block.split().freeze();
        self.hashing.add(block.clone()).await?;
        self.length += block.len() as u64;
        self.collected.push(block);
        // Only with more bytes than one part takes: smaller objects need no multipart upload.
        while self.behind_parts()? > self.part_size()? {
            self.send_part().await?;
        }
        Ok(())
    }

    /// Number of bytes that are not in a part.
    fn behind_parts(&self) -> Result<u64, Error> {
        let tails = self.state.in_tails();
        tails
            .and_then(|tails| tails.checked_add(self.length))
            .ok_or_else(|| self.too_large())
    }

    /// Size of the next part in bytes.
    fn part_size(&self) -> Result<u64, Error> {
        let index = self.state.multipart.as_ref().map_or(0, |m| m.parts.len());
        self.shared.sizes.of(index).ok_or_else(|| self.too_large())
    }

    fn too_large(&self) -> Error {
        Error::Object {
            action: "write",
            id: self.id.clone(),
            source: "it has more parts than object stores take".into(),
        }
    }

    /// Moves the bytes of the tails in front of the collected bytes.
    async fn take_tails(&mut self) -> Result<(), Error> {
        if self.state.tails.is_empty() {
            return Ok(());
        }
        let mut collected = self.shared.read_tails(&self.id, &self.state.tails).await?;
        self.length += self.state.in_tails().ok_or_else(|| self.too_large())?;
        collected.append(&mut self.collected);
        self.collected = collected;
        let tails = self.state.tails.drain(..).map(|tail| tail.name);
        self.replaced.extend(tails);
        Ok(())
    }

    /// Sends one part, taken from the front of the collected bytes.
    async fn send_part(&mut self) -> Result<(), Error> {
        self.take_tails().await?;
        if self.state.multipart.is_none() {
            self.state.multipart = Some(self.begin().await?);
        }
        while self.flying.len() >= FLYING {
            self.land().await?;
        }
        let permit = Arc::clone(&self.shared.flying).acquire_owned().await;
        let permit = permit.map_err(|_| Error::Stopped)?;
        let size = self.part_size()?;
        let Some(multipart) = &mut self.state.multipart else {
            return Err(Error::Stopped);
        };
        let part = take(&mut self.collected, size);
        self.length -= size;
        let (index, name) = (multipart.parts.len(), multipart.id.clone());
        multipart.parts.push(String::new());
        multipart.size += size;
        let (shared, id) = (Arc::clone(&self.shared), self.id.clone());
        self.flying.spawn(async move {
            let key = shared.keys.object(&id);
            let put = shared.bucket.multipart.put_part(&key, &name, index, part);
            let outcome = put.await.map_err(failed("write a part of", &id));
            drop(permit);
            (index, outcome.map(|part| part.content_id))
        });
        Ok(())
    }

    /// Begins a multipart upload, and writes its note before any part is sent.
    async fn begin(&self) -> Result<Multipart, Error> {
        let (shared, id) = (&self.shared, &self.id);
        // Abort those of dead writers: this object needs none of them, or the state would name it.
        shared.abort_noted(id).await?;
        let key = shared.keys.object(id);
        let begun = shared.bucket.multipart.create_multipart(&key);
        let name = begun
            .await
            .map_err(failed("begin a multipart upload of", id))?;
        let note = (!name.is_empty()).then(new_multipart);
        if let Some(note) = &note {
            let key = shared.keys.staged(id, note);
            let put = shared.bucket.objects.put(&key, name.clone().into()).await;
            put.map_err(failed("note the multipart upload of", id))?;
        }
        Ok(Multipart {
            id: name,
            note,
            parts: Vec::new(),
            size: 0,
        })
    }

    /// Waits for one part in flight.
    async fn land(&mut self) -> Result<(), Error> {
        let Some(landed) = self.flying.join_next().await else {
            return Ok(());
        };
        let (index, outcome) = landed.map_err(|_| Error::Stopped)?;
        let name = outcome?;
        let parts = self.state.multipart.as_mut().map(|m| &mut m.parts);
        if let Some(part) = parts.and_then(|parts| parts.get_mut(index)) {
            *part = name;
        }
        Ok(())
    }

    /// Sends the rest as a part if it is exactly one, otherwise writes it as a tail.
    async fn keep_rest(&mut self) -> Result<(), Error> {
        if self.collected.is_empty() {
            return Ok(());
        }
        if self.state.multipart.is_some() && self.behind_parts()? == self.part_size()? {
            return self.send_part().await;
        }
        if self.state.tails.len() >= TAILS {
            self.take_tails().await?;
        }
        let rest = std::mem::take(&mut self.collected);
        self.length = 0;
        let tail = self.shared.write_tail(&self.id, rest).await?;
        self.state.tails.push(tail);
        Ok(())
    }

    async fn finish(mut self: Box<Self>) -> Result<(Staged, Option<Hasher>), Error> {
        if !self.sound {
            return Err(Error::Object {
                action: "finish writing",
                id: self.id.clone(),
                source: "an earlier write failed or was given up".into(),
            });
        }
        if !self.block.is_empty() {
            self.end_block().await?;
        }
        self.keep_rest().await?;
        while !self.flying.is_empty() {
            self.land().await?;
        }
        // The state with which this writer began is recorded, so its own leftovers may be removed.
        let stale = std::mem::replace(&mut self.state.stale, std::mem::take(&mut self.replaced));
        self.shared
            .sweep(&self.id, stale.iter().map(String::as_str))
            .await;
        let staged = self.state.to_staged().map_err(|error| Error::Object {
            action: "write the state of",
            id: self.id.clone(),
            source: error.into(),
        })?;
        Ok((staged, self.hashing.finish().await?))
    }
}

impl ObjectWriter for CloudWriter {
    fn write(&mut self, mut bytes: Bytes) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async move {
            let sound = std::mem::replace(&mut self.sound, false);
            // Copied, because the peer decides how large the buffers behind the slices are.
            while !bytes.is_empty() {
                let piece = bytes.split_to(bytes.len().min(BLOCK - self.block.len()));
                if self.block.capacity() < self.block.len() + piece.len() {
                    self.block.reserve(BLOCK - self.block.len());
                }
                self.block.extend_from_slice(&piece);
                if self.block.len() == BLOCK {
                    self.end_block().await?;
                }
            }
            self.sound = sound;
            Ok(())
        })
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, Result<(Staged, Option<Hasher>), Error>> {
        Box::pin(self.finish())
    }
}

/// Takes `size` bytes, which must be there, from the front.
fn take(collected: &mut Vec<Bytes>, size: u64) -> PutPayload {
    let (mut part, mut left) = (Vec::new(), usize::try_from(size).unwrap_or(usize::MAX));
    let mut whole = 0;
    for block in collected.iter_mut() {
        if block.len() > left {
            part.push(block.split_to(left));
            break;
        }
        left -= block.len();
        whole += 1;
        part.push(block.clone());
    }
    collected.drain(..whole);
    PutPayload::from_iter(part)
}
