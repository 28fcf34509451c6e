use super::*;

#[test]
fn products_are_exact_and_round_up() {
    for (text, factor, product) in [
        ("0", 7, 0),
        ("512", 1, 512),
        ("1.5", 1024, 1536),
        ("0.1", 10, 1),
        ("0.1", 1, 1),
        ("1.0", 3, 3),
        ("0.333", 3, 1),
        ("00012.50", 2, 25),
    ] {
        assert_eq!(
            Decimal::parse(text).unwrap().times(factor),
            Some(product),
            "{text}"
        );
    }
    let most = Decimal::parse("99999999999999999999999").unwrap();
    assert_eq!(most.times(u128::MAX), None);
}

#[test]
fn other_forms_are_refused() {
    for text in [
        "",
        ".",
        "1.",
        ".5",
        "-1",
        "+1",
        "1e3",
        "1.2.3",
        "1 ",
        "0x1",
        "٣",
        "1234567890123456789012345",
    ] {
        assert!(Decimal::parse(text).is_none(), "{text}");
    }
}
