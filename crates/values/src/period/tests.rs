use proptest::prelude::*;

use super::*;

#[test]
fn every_notation_is_read() {
    for (text, milliseconds) in [
        ("500ms", 500),
        ("0s", 0),
        ("0d", 0),
        ("90s", 90_000),
        ("5m", 300_000),
        ("2h", 7_200_000),
        ("1d", 86_400_000),
        ("1w", 604_800_000),
        ("1h30m", 5_400_000),
        ("1d12h", 129_600_000),
        ("1s500ms", 1500),
        ("1w2d3h4m5s6ms", 788_645_006),
        ("30m1h", 5_400_000),
        ("1h1h", 7_200_000),
        ("007s", 7000),
    ] {
        let period: Period = text.parse().unwrap();
        assert_eq!(
            period.duration(),
            Duration::from_millis(milliseconds),
            "{text}"
        );
    }
}

#[test]
fn anything_else_is_refused() {
    for text in [
        "", "5", "0", "h", "5 h", " 5h", "5h ", "-1h", "+1h", "1.5h", "1y", "1H", "1hm", "1h5",
        "1é", "1μs", "٣h",
    ] {
        let error = text.parse::<Period>().unwrap_err();
        assert!(matches!(error, Error::Period { .. }), "{text}: {error}");
    }
    for text in [
        "18446744073709551616s",
        "30500568904944w",
        "18446744073709551615s1000ms",
        "340282366920938463463374607431768211456ms",
        "340282366920938463463374607431768211455s",
        "340282366920938463463374607431768211455ms1ms",
    ] {
        let error = text.parse::<Period>().unwrap_err();
        assert!(
            matches!(error, Error::PeriodTooLong { .. }),
            "{text}: {error}"
        );
    }
    assert_eq!(
        "soon".parse::<Period>().unwrap_err().to_string(),
        "'soon' is no duration such as 90s, 1h30m or 7d"
    );
}

#[test]
fn it_is_written_with_the_longest_units_below_weeks() {
    for (period, text) in [
        (Period::ZERO, "0s"),
        (Period::seconds(90), "1m30s"),
        (Period::minutes(120), "2h"),
        (Period::hours(36), "1d12h"),
        (Period::days(30), "30d"),
        (Period::new(Duration::from_millis(1500)), "1s500ms"),
        (Period::new(Duration::from_micros(1999)), "1ms"),
    ] {
        assert_eq!(period.to_string(), text);
    }
    assert_eq!(Period::days(u64::MAX), Period::seconds(u64::MAX));
}

#[cfg(feature = "serde")]
#[test]
fn documents_hold_its_text() {
    let period: Period = serde_json::from_str("\"1h30m\"").unwrap();
    assert_eq!(serde_json::to_string(&period).unwrap(), "\"1h30m\"");
    let error = serde_json::from_str::<Period>("\"x\"").unwrap_err();
    assert!(error.to_string().contains("'x' is no duration"), "{error}");
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(seconds: u64, nanoseconds in 0_u32..1_000_000_000) {
        let period = Period::new(Duration::new(seconds, nanoseconds));
        prop_assert_eq!(period.to_string().parse::<Period>().unwrap(), period);
    }

    #[test]
    fn no_text_upsets_the_parser(text in "\\PC{0,40}|([0-9]{0,50}[a-z]{0,3}){0,4}") {
        let _ = text.parse::<Period>();
    }
}
