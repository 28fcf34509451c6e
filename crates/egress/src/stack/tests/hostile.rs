//! Whatever a guest sends, and whatever is done with its connections: nothing breaks.

use proptest::prelude::*;

use super::super::fuzzing;

proptest! {
    #[test]
    fn nothing_that_a_guest_does_breaks_anything(
        steps in proptest::collection::vec(step(), 1..200),
    ) {
        fuzzing::frames(&steps.concat());
    }

    #[test]
    fn no_bytes_break_anything(bytes in proptest::collection::vec(any::<u8>(), 0..3000)) {
        fuzzing::frames(&bytes);
    }
}

/// One step of the fuzz target, most often one that means something.
fn step() -> impl Strategy<Value = Vec<u8>> {
    // SYN, ACK, data, FIN, RST, and what nobody sends.
    let flags = prop_oneof![
        3 => Just(0x02_u8),
        6 => Just(0x10),
        4 => Just(0x18),
        2 => Just(0x11),
        1 => Just(0x04),
        1 => any::<u8>(),
    ];
    let off = prop_oneof![8 => Just(0_u8), 2 => any::<u8>()];
    let segment = (0_u8..4, flags, off, any::<u8>(), 0_u8..60, any::<u8>()).prop_map(
        |(which, flags, off, window, length, options)| {
            vec![2, which, flags, off, window, length, options]
        },
    );
    let stream = (any::<u8>(), any::<u8>()).prop_map(|(which, what)| vec![7, which, what]);
    let frame = proptest::collection::vec(any::<u8>(), 0..127).prop_map(|bytes| {
        let length = 0x80 | u8::try_from(bytes.len()).unwrap();
        [vec![0, length], bytes].concat()
    });
    prop_oneof![8 => segment, 4 => stream, 1 => frame]
}
