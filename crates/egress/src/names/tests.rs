//! Names and addresses belong together, one to one.

use std::collections::HashSet;
use std::net::Ipv4Addr;

use proptest::prelude::*;

use super::Names;

proptest! {
    #[test]
    fn each_name_has_an_address_of_its_own(
        seed in any::<u64>(),
        bits in 8_u8..=24,
        count in 1_usize..300,
    ) {
        let first = Ipv4Addr::new(28, 208, 128, 0);
        let mut names = Names::new((first, bits), seed);
        let mut seen = HashSet::new();
        for number in 0..count {
            let name = format!("n{number}");
            let Some(address) = names.bind(&name) else {
                prop_assert!(bits == 24 && number >= 254);
                break;
            };
            prop_assert!(names.contains(address));
            prop_assert!(!matches!(address.octets()[3], 0 | 255));
            prop_assert!(seen.insert(address));
            prop_assert_eq!(names.name(address), Some(&*name));
            prop_assert_eq!(names.bind(&name), Some(address));
        }
    }

    #[test]
    fn an_address_that_was_not_given_is_nobody_s(seed in any::<u64>(), address in any::<u32>()) {
        let mut names = Names::new((Ipv4Addr::new(28, 208, 0, 0), 14), seed);
        let given = names.bind("example.com").unwrap();
        let address = Ipv4Addr::from_bits(address);
        prop_assert_eq!(names.name(address).is_some(), address == given);
    }
}

#[test]
fn there_is_an_end_of_names() {
    let mut names = Names::new((Ipv4Addr::new(28, 208, 0, 0), 14), 1);
    for number in 0..16_384 {
        assert!(names.bind(&format!("n{number}")).is_some());
    }
    assert_eq!(names.bind("one.more"), None);
    assert!(names.bind("n7").is_some());
}
