//! Tests of `check`.

use super::super::append_verity;
use super::*;

/// A disk of `blocks` blocks behind `offset` other bytes, with its tree.
fn disk(blocks: u64, offset: u64) -> (File, u64, Verity) {
    let mut alone = tempfile::tempfile().unwrap();
    let content: Vec<u8> = (0..blocks * BLOCK_U64)
        .map(|at| (at / 4096 % 251) as u8)
        .collect();
    alone.write_all_at(&content, 0).unwrap();
    let verity = append_verity(&alone, content.len() as u64, &[7; 16]).unwrap();
    let size = alone.metadata().unwrap().len();
    let mut placed = tempfile::tempfile().unwrap();
    io::Write::write_all(&mut placed, &vec![9; usize::try_from(offset).unwrap()]).unwrap();
    io::Seek::rewind(&mut alone).unwrap();
    io::copy(&mut alone, &mut placed).unwrap();
    (placed, size, verity)
}

#[test]
fn a_disk_fits_its_tree_wherever_it_is() {
    for blocks in [1, 2, 128, 129, 300, 17_000] {
        for offset in [0, 8192] {
            let (file, size, verity) = disk(blocks, offset);
            assert!(
                check_verity(&file, offset, size, &verity).unwrap(),
                "{blocks} at {offset}"
            );
            assert!(!check_verity(&file, offset, size - BLOCK_U64, &verity).unwrap());
            assert!(!check_verity(&file, offset, size + BLOCK_U64, &verity).unwrap());
        }
    }
}

/// Every byte of data and hashes counts, also the zeros behind the last hash.
#[test]
fn a_changed_byte_is_found() {
    let (blocks, offset) = (300, 4096);
    let (file, size, verity) = disk(blocks, offset);
    let superblock = verity.hash_offset..verity.hash_offset + BLOCK_U64;
    for at in (0..size).step_by(1009).chain([size - 1]) {
        let mut byte = [0];
        file.read_exact_at(&mut byte, offset + at).unwrap();
        file.write_all_at(&[byte[0] ^ 0x10], offset + at).unwrap();
        let fits = check_verity(&file, offset, size, &verity).unwrap();
        assert_eq!(fits, superblock.contains(&at), "byte {at}");
        file.write_all_at(&byte, offset + at).unwrap();
    }
    assert!(check_verity(&file, offset, size, &verity).unwrap());
}
