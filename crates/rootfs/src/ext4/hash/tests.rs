//! Tests of `hash`.

use super::*;

/// Values from `debugfs -R 'dx_hash -h half_md4 -s 01020304-0506-0708-090a-0b0c0d0e0f10 NAME'`.
#[test]
fn hashes_are_those_of_debugfs() {
    let seed = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
    let hash = NameHash::new(&seed);
    let table: [(&[u8], u32, u32); 5] = [
        (b"a", 0x8d08_ec4c, 0x2fbc_cd78),
        (b"hello", 0xe2dd_f968, 0xc8bc_0924),
        (&[b'x'; 200], 0x6c43_9ad6, 0x0172_383f),
        ("gr\u{fc}\u{df}e".as_bytes(), 0x502c_a218, 0x33dd_ce59),
        (
            b"exactly-thirty-two-bytes-long-na",
            0xd830_d492,
            0x313c_6188,
        ),
    ];
    for (name, major, minor) in table {
        assert_eq!(hash.of(name), (major, minor), "{name:?}");
    }
    let keyless = NameHash::new(&[0; 16]);
    assert_eq!(keyless.of(b"hello"), (0x1746_da32, 0x4200_13b5));
}
