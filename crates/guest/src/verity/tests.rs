use super::*;

fn superblock() -> [u8; SUPERBLOCK_BYTES] {
    let mut bytes = [0; SUPERBLOCK_BYTES];
    bytes[..8].copy_from_slice(b"verity\0\0");
    bytes[8] = 1;
    bytes[12] = 1;
    bytes[32..38].copy_from_slice(b"sha256");
    bytes[64..68].copy_from_slice(&4096_u32.to_le_bytes());
    bytes[68..72].copy_from_slice(&4096_u32.to_le_bytes());
    bytes[72..80].copy_from_slice(&300_u64.to_le_bytes());
    bytes[80] = 2;
    bytes[88] = 0xab;
    bytes[89] = 0x01;
    bytes
}

#[test]
fn the_table_follows_from_the_superblock() {
    let tree = parse(&superblock()).unwrap();
    assert_eq!(
        table(Path::new("/dev/vda"), &tree, "00ff", 300 * 4096),
        "1 /dev/vda /dev/vda 4096 4096 300 301 sha256 00ff ab01"
    );
}

#[test]
fn other_trees_are_refused() {
    for (at, value) in [
        (0, b'w'),
        (8, 2),
        (12, 0),
        (32, b't'),
        (65, 0),
        (69, 0),
        (79, 0xff),
    ] {
        let mut bytes = superblock();
        bytes[at] = value;
        assert_eq!(parse(&bytes), None, "byte {at}");
    }
}

#[test]
fn a_request_carries_its_table_behind_the_header() {
    let request = request(Some((2400, "1 /dev/vda")));
    assert_eq!(request[12..16], 1024_u32.to_ne_bytes());
    assert_eq!(request[48..53], *b"root\0");
    assert_eq!(request[312 + 8..312 + 16], 2400_u64.to_ne_bytes());
    assert_eq!(request[312 + 24..312 + 31], *b"verity\0");
    assert_eq!(request[352..363], *b"1 /dev/vda\0");
}
