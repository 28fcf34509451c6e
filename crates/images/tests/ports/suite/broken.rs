//! Tests of content that must not be kept, and of missing content.

use bytes::Bytes;
use futures_util::stream;
use lazaret_images::{Blob, Content, Error, Pieces, Target, Wanted};
use lazaret_oci::{Descriptor, Digest};

use super::Place;
use super::sample::Sample;

/// Scripted pieces, which may end with an error.
struct Scripted {
    pieces: &'static [&'static [u8]],
    breaks: bool,
}

impl Content for Scripted {
    fn read(&self, offset: u64) -> Pieces {
        let whole = self.pieces.concat();
        let start = usize::try_from(offset).unwrap().min(whole.len());
        let rest = Ok(Bytes::from(whole[start..].to_vec()));
        let reset = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        let end = self.breaks.then(|| Err(Error::Elsewhere(reset.into())));
        Box::pin(stream::iter([rest].into_iter().chain(end)))
    }
}

fn announced(bytes: &[u8]) -> Descriptor {
    Descriptor::of("application/octet-stream", bytes)
}

async fn refuses(target: &dyn Target, descriptor: &Descriptor, content: Scripted) -> Error {
    let blob = Blob::new(descriptor.clone(), content);
    let error = target.put_blob(&blob).await.unwrap_err();
    assert!(!target.has_blob(descriptor).await.unwrap(), "{error}");
    error
}

pub(super) async fn content_that_is_not_what_it_should_be_is_refused(place: &dyn Place) {
    let target = place.new_target().await;
    let right = announced(b"expected");
    let longer = Descriptor {
        size: 9,
        ..right.clone()
    };
    let shorter = Descriptor {
        size: 7,
        ..right.clone()
    };
    let plain = |pieces| Scripted {
        pieces,
        breaks: false,
    };
    refuses(&*target, &right, plain(&[b"expe", b"cteD"])).await;
    refuses(&*target, &right, plain(&[b"expected", b" and more"])).await;
    refuses(&*target, &right, plain(&[b"expect"])).await;
    refuses(&*target, &right, plain(&[])).await;
    refuses(&*target, &longer, plain(&[b"expected"])).await;
    refuses(&*target, &shorter, plain(&[b"expected"])).await;
    // The failures do not affect the right content, or other images.
    let blob = Blob::new(right.clone(), plain(&[b"expected"]));
    target.put_blob(&blob).await.unwrap();
    let sample = Sample::image(1);
    for blob in sample.blobs() {
        target.put_blob(blob).await.unwrap();
    }
    let name = place.name("v1");
    target
        .put_root(&sample.root.digest, sample.top(), Some(&name))
        .await
        .unwrap();
    target.finish().await.unwrap();
    let source = place.source().await;
    super::reads_like(&*source, &name, &sample).await;
    let found = source.blob(&right).await.unwrap();
    assert_eq!(found.bytes(8).await.unwrap(), b"expected");
    // What is there has its own size, whatever somebody says of it.
    for wrong in [&longer, &shorter] {
        if let Ok(found) = source.blob(wrong).await {
            found.bytes(100).await.unwrap_err();
        }
    }
}

pub(super) async fn a_stream_that_breaks_off_leaves_nothing(place: &dyn Place) {
    let target = place.new_target().await;
    let broken = |pieces| Scripted {
        pieces,
        breaks: true,
    };
    let right = announced(b"expected");
    let error = refuses(&*target, &right, broken(&[b"expe"])).await;
    assert!(chain(&error).contains("connection reset"), "{error:?}");
}

/// The messages of an error and its causes.
fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        text += &format!(": {cause}");
        next = cause.source();
    }
    text
}

pub(super) async fn what_is_not_there_is_an_error(place: &dyn Place) {
    let target = place.new_target().await;
    let sample = Sample::image(1);
    for blob in sample.blobs() {
        target.put_blob(blob).await.unwrap();
    }
    let name = place.name("v1");
    target
        .put_root(&sample.root.digest, sample.top(), Some(&name))
        .await
        .unwrap();
    target.finish().await.unwrap();
    let source = place.source().await;
    let absent = announced(b"absent");
    for wanted in [
        Wanted::Name(place.name("v2")),
        Wanted::Digest(absent.digest.clone()),
    ] {
        assert!(source.root(&wanted).await.is_err(), "{wanted:?}");
    }
    assert!(source.manifest(&absent).await.is_err());
    let missing = match source.blob(&absent).await {
        Ok(blob) => blob.bytes(100).await.is_err(),
        Err(_) => true,
    };
    assert!(missing);
    let none = source.referrers(&Digest::of(b"absent")).await.unwrap();
    assert!(none.is_empty());
}
