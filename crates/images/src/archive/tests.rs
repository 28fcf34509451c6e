use std::fs;
use std::io::Write as _;

use tar::{Builder, EntryType, Header};

use super::*;

fn header(kind: EntryType, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(0o644);
    header.set_cksum();
    header
}

/// Writes a tar and opens it.
fn archive(fill: impl FnOnce(&mut Builder<File>)) -> (tempfile::TempDir, Result<Archive, Error>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tar");
    let mut tar = Builder::new(File::create(&path).unwrap());
    fill(&mut tar);
    tar.into_inner().unwrap();
    let store = ImageStore::open(folder.path().join("store")).unwrap();
    let archive = Archive::open(&path, &store);
    (folder, archive)
}

fn add(tar: &mut Builder<File>, name: &str, bytes: &[u8]) {
    let mut header = header(EntryType::Regular, bytes.len() as u64);
    tar.append_data(&mut header, name, bytes).unwrap();
}

fn content(archive: &Archive, name: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    archive
        .file(name)?
        .reader()
        .read_to_end(&mut bytes)
        .unwrap();
    Some(bytes)
}

#[test]
fn names_lead_to_content_through_one_link() {
    let long = format!("{}/file", "long".repeat(40));
    let (_folder, archive) = archive(|tar| {
        add(tar, "./a", b"first");
        add(tar, "a", b"last");
        add(tar, &long, b"long");
        add(tar, "folder/b", b"b");
        let mut link = |kind, name: &str, target: &str| {
            tar.append_link(&mut header(kind, 0), name, target).unwrap();
        };
        link(EntryType::Symlink, "folder/up", "../a");
        link(EntryType::Symlink, "folder/beside", "./b");
        link(EntryType::Link, "hard", "folder/b");
        link(EntryType::Symlink, "twice", "hard");
        link(EntryType::Symlink, "outside", "../../etc/passwd");
        link(EntryType::Symlink, "itself", "itself");
    });
    let archive = archive.unwrap();
    for (name, expected) in [
        ("a", Some(&b"last"[..])),
        (&long, Some(b"long")),
        ("folder/up", Some(b"last")),
        ("folder/beside", Some(b"b")),
        ("hard", Some(b"b")),
        ("twice", None),
        ("outside", None),
        ("itself", None),
        ("folder", None),
    ] {
        assert_eq!(content(&archive, name).as_deref(), expected, "{name}");
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 1);
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn compressed_tars_and_streams_are_read_from_a_scratch_file() {
    let (folder, plain) = archive(|tar| add(tar, "a", b"content"));
    drop(plain);
    let store = ImageStore::open(folder.path().join("store")).unwrap();
    let bytes = fs::read(folder.path().join("a.tar")).unwrap();
    for packed in [
        gzip(&bytes),
        zstd::encode_all(&bytes[..], 1).unwrap(),
        xz(&bytes),
    ] {
        let path = folder.path().join("a.packed");
        fs::write(&path, packed).unwrap();
        assert!(Archive::is_at(&path).unwrap());
        let unpacked = Archive::open(&path, &store).unwrap();
        assert_eq!(content(&unpacked, "a").unwrap(), b"content");
    }
    // A few kilobytes that unpack to more than any archive of that size.
    let bomb = folder.path().join("bomb");
    let zeros = std::io::repeat(0).take(80 << 20);
    fs::write(&bomb, zstd::encode_all(zeros, 1).unwrap()).unwrap();
    let error = Archive::open(&bomb, &store).err().unwrap().to_string();
    assert!(error.contains("unpacks to more than"), "{error}");

    let (reader, mut writer) = std::io::pipe().unwrap();
    let pipe = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&reader));
    let write = std::thread::spawn(move || writer.write_all(&bytes).unwrap());
    let streamed = Archive::open(Path::new(&pipe), &store).unwrap();
    write.join().unwrap();
    assert_eq!(content(&streamed, "a").unwrap(), b"content");
    // Scratch files are unlinked.
    let scratch = folder.path().join("store/scratch");
    let left = lazaret_files::children(&scratch).unwrap();
    let named = left
        .iter()
        .flat_map(|dir| lazaret_files::children(dir).unwrap());
    assert_eq!(named.filter(|path| path.is_file()).count(), 0);
}

#[test]
fn what_would_take_much_memory_or_is_cut_off_is_refused() {
    let refused = |fill: &dyn Fn(&mut Builder<File>)| {
        let (_folder, archive) = archive(|tar| fill(tar));
        archive.err().unwrap().to_string()
    };
    for kind in [
        EntryType::GNULongName,
        EntryType::GNULongLink,
        EntryType::XHeader,
        EntryType::XGlobalHeader,
    ] {
        let text = refused(&|tar| {
            let size = 2 << 20;
            let content = std::io::repeat(b'x').take(size);
            tar.append(&header(kind, size), content).unwrap();
            add(tar, "a", b"content");
        });
        assert!(text.contains("2097152 bytes"), "{text}");
    }
    let text = refused(&|tar| {
        for _ in 0..40 {
            let size = 1 << 20;
            let content = std::io::repeat(b'x').take(size);
            tar.append(&header(EntryType::XHeader, size), content)
                .unwrap();
        }
    });
    assert!(text.contains("more than 8388608 bytes"), "{text}");
    let text = refused(&|tar| {
        for number in 0..10_001 {
            add(tar, &number.to_string(), b"");
        }
    });
    assert!(text.contains("10000 entries"), "{text}");
    let text = refused(&|tar| {
        add(tar, "a", b"content");
        let header = header(EntryType::Regular, 1 << 20);
        tar.append(&header, &b"short"[..]).unwrap();
    });
    assert!(text.contains("not a readable tar"), "{text}");
}
