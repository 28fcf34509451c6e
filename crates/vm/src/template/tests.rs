use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use super::*;

const MIB: u64 = 1024 * 1024;

fn key(memory: &str) -> TemplateKey {
    TemplateKey::new(Fields::from([("memory".to_owned(), memory.to_owned())]))
}

/// A template with 8 MiB of memory, with something on a few pages.
fn example(folder: &Path) -> Template {
    let memory = Template::new_memory(8).unwrap();
    for (offset, bytes) in contents() {
        memory.write_all_at(&bytes, offset).unwrap();
    }
    // Pages that were used and are zero again.
    memory.write_all_at(&[0; 100_000], 5 * MIB).unwrap();
    Template::write(
        folder,
        key("8 MiB"),
        Hello::new("6.1"),
        b"state of devices".to_vec(),
        memory,
    )
    .unwrap()
}

/// The first page, a run over the border of the pieces that are read, and the last page.
fn contents() -> [(u64, Vec<u8>); 3] {
    [
        (0, vec![1; 1]),
        (MIB - 5000, vec![2; 3 * 1024 * 1024]),
        (8 * MIB - 1, vec![3; 1]),
    ]
}

fn bytes(memory: BorrowedFd<'_>) -> Vec<u8> {
    let file = File::from(memory.try_clone_to_owned().unwrap());
    let mut bytes = vec![0; usize::try_from(8 * MIB).unwrap()];
    file.read_exact_at(&mut bytes, 0).unwrap();
    bytes
}

fn reason(result: Result<Template, Error>) -> String {
    match result {
        Err(Error::Template { reason, .. }) => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn memory_survives_and_its_zero_pages_take_no_room() {
    let folder = tempfile::tempdir().unwrap();
    let made = example(folder.path());
    let opened = Template::open(folder.path()).unwrap();
    let mut expected = vec![0; usize::try_from(8 * MIB).unwrap()];
    for (offset, bytes) in contents() {
        let offset = usize::try_from(offset).unwrap();
        expected[offset..offset + bytes.len()].copy_from_slice(&bytes);
    }
    assert!(bytes(made.memory()) == expected, "the memory was changed");
    assert!(bytes(opened.memory()) == expected, "the copy is another");
    assert_eq!(opened.state(), b"state of devices");
    assert_eq!(opened.hello(), &Hello::new("6.1"));
    let size = fs::metadata(folder.path().join("memory")).unwrap().len();
    assert!(size < 3 * MIB + 20_000, "{size}");
}

#[test]
fn sealed_memory_cannot_be_changed() {
    let folder = tempfile::tempdir().unwrap();
    example(folder.path());
    let template = Template::open(folder.path()).unwrap();
    let file = File::from(template.memory().try_clone_to_owned().unwrap());
    assert!(file.write_all_at(b"x", 0).is_err());
    assert!(file.set_len(4096).is_err());
    let again = Template::with_memory(folder.path(), file.into()).unwrap();
    assert_eq!(again.key(), template.key());
}

#[test]
fn other_memory_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    example(folder.path());
    let with = |memory: File| reason(Template::with_memory(folder.path(), memory.into()));
    let unsealed = Template::new_memory(8).unwrap();
    assert_eq!(with(unsealed), "its memory is not sealed");
    let small = Template::new_memory(4).unwrap();
    memory::seal(&small).unwrap();
    let text = with(small);
    assert_eq!(text, "its memory has 4194304 bytes and not 8388608");
    let plain = File::open(folder.path().join("memory")).unwrap();
    let text = with(plain);
    assert!(
        text.contains("no memfd") || text.contains("not sealed"),
        "{text}"
    );
}

#[test]
fn every_damage_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    example(folder.path());
    for name in ["memory", "state", "template.json"] {
        let path = folder.path().join(name);
        let good = fs::read(&path).unwrap();
        fs::write(&path, &good[..good.len() - 1]).unwrap();
        let text = reason(Template::open(folder.path()));
        assert!(
            text.contains(name) || text.contains("record"),
            "{name}: {text}"
        );
        for at in [0, 9, good.len() / 2, good.len() - 2] {
            let mut bad = good.clone();
            bad[at] ^= 0x41;
            fs::write(&path, &bad).unwrap();
            let text = reason(Template::open(folder.path()));
            assert!(!text.is_empty(), "{name} at {at}");
        }
        fs::write(&path, &good).unwrap();
        Template::open(folder.path()).unwrap();
        fs::remove_file(&path).unwrap();
        let error = Template::open(folder.path()).unwrap_err();
        assert!(matches!(error, Error::Io { .. }), "{error:?}");
        fs::write(&path, &good).unwrap();
    }
}

#[test]
fn keys_name_their_difference() {
    let (ours, theirs) = (key("8 MiB"), key("16 MiB"));
    assert_eq!(ours.difference(&ours), None);
    assert_eq!(
        ours.difference(&theirs).unwrap(),
        "its memory is `8 MiB`, that of the machine is `16 MiB`"
    );
    let none = TemplateKey::new(Fields::new());
    assert!(none.difference(&ours).unwrap().contains("`nothing`"));
    assert_ne!(ours.name(), theirs.name());
    assert_eq!(ours.name().len(), 64);
}

#[test]
fn pieces_fill_memory_and_zeros_stay_holes() {
    use std::os::unix::fs::MetadataExt as _;
    let memory = Template::new_memory(8).unwrap();
    let piece = Template::new_file().unwrap();
    piece.write_all_at(&vec![0; 4 << 20], 0).unwrap();
    piece.write_all_at(b"content", MIB + 5000).unwrap();
    Template::fill(&memory, 4 * MIB, &piece).unwrap();
    let mut found = [0; 7];
    memory.read_exact_at(&mut found, 5 * MIB + 5000).unwrap();
    assert_eq!(&found, b"content");
    let data = memory.metadata().unwrap();
    assert_eq!((data.len(), data.blocks() * 512), (8 * MIB, 4096));
}
