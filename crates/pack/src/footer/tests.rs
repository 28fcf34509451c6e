//! Tests of `footer`.

use super::*;

fn example() -> Footer {
    Footer {
        file: 8192 + 1000 + 200 + FOOTER_BYTES as u64,
        program: 5000,
        manifest: 8192,
        manifest_size: 1000,
        signature_size: 200,
        digest: [7; 32],
    }
}

#[test]
fn a_footer_is_read_as_it_was_written() {
    let footer = example();
    assert_eq!(Footer::decode(&footer.encode(), footer.file), Ok(footer));
}

#[test]
fn a_changed_bit_is_always_found() {
    let footer = example();
    let bytes = footer.encode();
    for bit in 0..FOOTER_BYTES * 8 {
        let mut changed = bytes;
        changed[bit / 8] ^= 1 << (bit % 8);
        let found = Footer::decode(&changed, footer.file);
        assert!(found.is_err(), "bit {bit}: {found:?}");
    }
}

#[test]
fn a_file_of_another_size_is_refused() {
    let footer = example();
    for size in [0, footer.file - 1, footer.file + 1, u64::MAX] {
        let found = Footer::decode(&footer.encode(), size);
        assert!(
            matches!(found, Err(NoFooter::Damaged(_))),
            "{size}: {found:?}"
        );
    }
}

/// A footer whose own hash fits is checked all the same: somebody has made it.
#[test]
fn numbers_that_cannot_be_are_refused() {
    let cases: [fn(&mut Footer); 9] = [
        |footer| footer.program = 0,
        |footer| footer.program = LARGEST_PROGRAM + 1,
        |footer| footer.program = footer.manifest + 1,
        |footer| footer.manifest = 8191,
        |footer| footer.manifest = u64::MAX - 4095,
        |footer| footer.manifest_size = 0,
        |footer| footer.manifest_size = LARGEST_MANIFEST + 1,
        |footer| footer.signature_size = u64::MAX,
        |footer| footer.signature_size = 201,
    ];
    for (number, change) in cases.into_iter().enumerate() {
        let mut footer = example();
        change(&mut footer);
        let found = Footer::decode(&footer.encode(), footer.file);
        assert!(
            matches!(found, Err(NoFooter::Damaged(_))),
            "{number}: {found:?}"
        );
    }
}

#[test]
fn another_version_is_told_from_damage() {
    let mut bytes = example().encode();
    bytes[16] = 2;
    let hash = sha256(&bytes[..CHECKED]);
    bytes[CHECKED..].copy_from_slice(&hash);
    assert_eq!(
        Footer::decode(&bytes, example().file),
        Err(NoFooter::Version(2))
    );
    assert_eq!(
        Footer::decode(&[0; FOOTER_BYTES], 128),
        Err(NoFooter::Absent)
    );
}
