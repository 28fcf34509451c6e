use proptest::prelude::*;

use super::*;

#[test]
fn every_notation_is_read() {
    for (text, bytes) in [
        ("0", 0),
        ("0B", 0),
        ("512", 512),
        ("512B", 512),
        ("1kB", 1000),
        ("1KB", 1000),
        ("1K", 1000),
        ("1Ki", 1024),
        ("1KiB", 1024),
        ("512M", 512_000_000),
        ("512MB", 512_000_000),
        ("4Mi", 4 << 20),
        ("4MiB", 4 << 20),
        ("4 MiB", 4 << 20),
        ("4 ", 4),
        ("4  MB", 4_000_000),
        ("1.5G", 1_500_000_000),
        ("1.5GiB", 1536 << 20),
        ("2Ti", 2 << 40),
        ("2TB", 2_000_000_000_000),
        ("0.0001Ki", 1),
    ] {
        assert_eq!(text.parse::<Size>().unwrap(), Size(bytes), "{text}");
    }
}

#[test]
fn a_number_alone_counts_what_its_place_says() {
    let read = |text| Size::parse_counting(text, Size::MIB).unwrap();
    assert_eq!(read("512"), Size::mebibytes(512));
    assert_eq!(read("0.5"), Size(512 << 10));
    assert_eq!(read("512M"), Size(512_000_000));
    assert_eq!(read("512M").in_mebibytes(), 489);
    assert_eq!(read("1B").in_mebibytes(), 1);
}

#[test]
fn anything_else_is_refused() {
    for text in [
        "",
        "B",
        "MiB",
        "-1",
        "+1",
        "1.",
        ".5",
        "1e3",
        "4 parsecs",
        "1mib",
        "1Kib",
        "1PB",
        "1i",
        "1iB",
        "1é",
        " 1",
        "1MiB ",
        "1kiB",
        "1BB",
    ] {
        let error = text.parse::<Size>().unwrap_err();
        assert!(matches!(error, Error::Size { .. }), "{text}: {error}");
    }
    for text in ["512m", "1g", "1 k", "1.5t"] {
        let error = text.parse::<Size>().unwrap_err();
        assert!(matches!(error, Error::SizeUnit { .. }), "{text}: {error}");
    }
    for text in [
        "18446744073709551616",
        "16777216TiB",
        "99999999999999999999999T",
    ] {
        let error = text.parse::<Size>().unwrap_err();
        assert!(
            matches!(error, Error::SizeTooLarge { .. }),
            "{text}: {error}"
        );
    }
}

#[test]
fn it_is_written_in_the_largest_unit_that_fits() {
    for (bytes, text) in [
        (0, "0B"),
        (1000, "1000B"),
        (1024, "1KiB"),
        (1536 << 20, "1536MiB"),
        (1 << 40, "1TiB"),
    ] {
        assert_eq!(Size(bytes).to_string(), text);
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(number: u64, shift in 0_u32..64) {
        let size = Size(number >> shift << shift);
        prop_assert_eq!(size.to_string().parse::<Size>().unwrap(), size);
    }

    #[test]
    fn no_text_upsets_the_parser(text in "\\PC{0,40}|[0-9.]{0,30} {0,2}[kKMGTiB]{0,4}") {
        let _ = text.parse::<Size>();
        let _ = Size::parse_counting(&text, Size::MIB);
    }
}
