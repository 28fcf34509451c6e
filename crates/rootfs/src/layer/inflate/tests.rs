//! Tests of `inflate`.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;

use super::*;
use crate::tests::gzip;

fn decode(stream: &[u8], input: usize, output: usize) -> io::Result<Vec<u8>> {
    crate::fuzzing::gunzip(stream, input, output, usize::MAX)
}

proptest! {
    /// Decodes members of any number, length and level, with any size of the input and output
    /// pieces.
    #[test]
    fn members_are_decoded_whatever_the_buffers(
        members in prop::collection::vec((prop::collection::vec(0u8..8, 0..3000), 0u32..=9), 1..6),
        input in 1usize..200,
        output in 1usize..5000,
    ) {
        let (mut stream, mut expected) = (Vec::new(), Vec::new());
        for (content, level) in members {
            let mut encoder = GzEncoder::new(&mut stream, Compression::new(level));
            encoder.write_all(&content).unwrap();
            encoder.finish().unwrap();
            expected.extend_from_slice(&content);
        }
        prop_assert_eq!(decode(&stream, input, output).unwrap(), expected);
    }

    /// A stream that is cut or changed never decodes to other data, and decoding always ends.
    #[test]
    fn damage_is_found(
        content in prop::collection::vec(0u8..8, 1..3000),
        at in any::<prop::sample::Index>(),
        bit in 0u32..8,
        cut in any::<bool>(),
    ) {
        let mut stream = gzip(&content);
        // Bytes 3 to 9 of the header do not affect the content.
        let at = 10 + at.index(stream.len() - 10);
        if cut {
            stream.truncate(at);
        } else {
            stream[at] ^= 1 << bit;
        }
        match decode(&stream, 100, 1000) {
            Ok(decoded) => prop_assert_eq!(decoded, content),
            Err(error) => prop_assert!(matches!(
                error.kind(),
                io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof
            )),
        }
    }
}

#[test]
fn headers_with_every_field() {
    let mut encoder = flate2::GzBuilder::new()
        .extra(vec![7; 3000])
        .filename("name")
        .comment("comment")
        .write(Vec::new(), Compression::default());
    encoder.write_all(b"content").unwrap();
    let plain = encoder.finish().unwrap();
    // The same with a header checksum.
    let length = 10 + 2 + 3000 + 5 + 8;
    let mut checked = plain.clone();
    checked[3] |= 2;
    let mut crc = Crc::new();
    crc.update(&checked[..length]);
    checked.splice(length..length, crc.sum().to_le_bytes()[..2].to_vec());
    for input in [1, 7, 100_000] {
        for stream in [&plain, &checked] {
            assert_eq!(decode(stream, input, 100).unwrap(), b"content");
        }
        checked[length] ^= 1;
        decode(&checked, input, 100).unwrap_err();
        checked[length] ^= 1;
    }
}
