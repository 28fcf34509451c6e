use std::fs::File;
use std::io::Write as _;

use futures_util::TryStreamExt as _;
use lazaret_oci::{Algorithm, Digest};

use super::*;

fn file(bytes: &[u8]) -> (tempfile::NamedTempFile, FileRange) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    let range = FileRange::whole(file.reopen().unwrap(), file.path()).unwrap();
    (file, range)
}

async fn all(pieces: Pieces) -> Result<Vec<u8>, Error> {
    let pieces: Vec<Bytes> = pieces.try_collect().await?;
    Ok(pieces.concat())
}

#[tokio::test]
async fn a_range_gives_its_own_bytes_and_no_others() {
    let bytes: Vec<u8> = (0..1_000_000_u32).map(|at| (at % 251) as u8).collect();
    let (path, whole) = file(&bytes);
    assert_eq!(all(whole.read(0)).await.unwrap(), bytes);
    assert_eq!(all(whole.read(999_999)).await.unwrap(), bytes[999_999..]);
    assert_eq!(all(whole.read(u64::MAX)).await.unwrap(), b"");
    let file = Arc::new(File::open(path.path()).unwrap());
    let part = FileRange::part(file, "part".to_owned(), 10, 20);
    assert_eq!(all(part.read(5)).await.unwrap(), bytes[15..30]);
    assert_eq!((part.length(), part.name()), (20, "part"));
}

#[tokio::test]
async fn a_file_that_became_shorter_is_an_error() {
    let (path, range) = file(b"0123456789");
    path.as_file().set_len(4).unwrap();
    let error = all(range.read(0)).await.unwrap_err();
    assert!(matches!(error, Error::Io(_)), "{error}");
}

#[tokio::test]
async fn whole_blobs_are_bounded_and_verified() {
    let blob = Blob::of_bytes("text/plain", "content");
    assert_eq!(blob.bytes(7).await.unwrap(), b"content");
    let error = blob.bytes(6).await.unwrap_err();
    assert!(matches!(error, Error::TooLarge { size: 7, limit: 6 }));
    let (_file, range) = file(b"cantent");
    let with = |descriptor: Descriptor| Blob::new(descriptor, range.clone());
    let error = with(blob.descriptor().clone()).bytes(7).await.unwrap_err();
    assert!(matches!(error, Error::DigestMismatch { .. }), "{error}");
    assert!(error.to_string().contains(range.name()), "{error}");
    let mut short = Descriptor::of("text/plain", b"cantent");
    short.size = 5;
    let error = with(short).bytes(7).await.unwrap_err();
    assert!(matches!(error, Error::SizeMismatch { .. }), "{error}");
    let digest = Digest::with(Algorithm::Sha512, b"cantent");
    let sha512 = with(Descriptor::new("text/plain", digest, 7));
    assert_eq!(sha512.bytes(7).await.unwrap(), b"cantent");
}
