//! Tests of `compress`.

use super::*;

fn packed(compression: Compression, workers: usize) -> Vec<(u32, Vec<u8>)> {
    let mut compressor = Compressor::with(compression, workers);
    let mut all = Vec::new();
    for number in 0..40usize {
        let file = compressor.begin();
        let length = number * 3000 + 1;
        let bytes: Vec<u8> = (0..length)
            .map(|at| (at / (number + 1)).to_le_bytes()[0])
            .collect();
        compressor.send(file, &bytes);
        if compressor.is_full() {
            all.extend(compressor.receive());
        }
    }
    while let Some(next) = compressor.receive() {
        all.push(next);
    }
    all
}

#[test]
fn threads_do_not_show() {
    for compression in [Compression::Lz4, Compression::Zstd { level: 3 }] {
        let alone = packed(compression, 1);
        assert_eq!(alone.len(), 40);
        assert!(alone.iter().map(|(file, _)| *file).eq(0..40));
        assert_eq!(packed(compression, 3), alone);
    }
}

#[test]
fn what_hardly_shrinks_stays() {
    let segment = vec![1; 8 * BLOCK + 1];
    let with = |length: usize| {
        let mut packed = segment.clone();
        pack(&mut packed, &mut Vec::new(), &mut |_, room| {
            *room = vec![2; length];
        });
        packed
    };
    let whole = with(8 * BLOCK);
    assert_eq!(whole.len(), 9 * BLOCK);
    assert!(whole.starts_with(&segment));
    let small = with(2 * BLOCK + 10);
    assert_eq!(small.len(), 3 * BLOCK);
    assert!(small[..BLOCK - 10].iter().all(|byte| *byte == 0));
    assert!(small[BLOCK - 10..].iter().all(|byte| *byte == 2));
}
