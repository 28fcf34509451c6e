use super::{PathPattern, RequestPath};

fn allows(pattern: &str, path: &str) -> bool {
    let pattern = PathPattern::parse(pattern).unwrap();
    let path = RequestPath::new(path);
    path.canonical().is_some_and(|path| pattern.matches(path))
}

fn denies(pattern: &str, path: &str) -> bool {
    let pattern = PathPattern::parse(pattern).unwrap();
    RequestPath::new(path).has_reading(|path| pattern.matches(path))
}

#[test]
fn a_star_stays_in_its_segment_and_two_cross_them() {
    let cases = [
        ("/", "/", true),
        ("/", "/a", false),
        ("/a", "/a", true),
        ("/a", "/a/", false),
        ("/a", "/A", false),
        ("/a/*", "/a/b", true),
        ("/a/*", "/a/", true),
        ("/a/*", "/a", false),
        ("/a/*", "/a/b/c", false),
        ("/a/*/c", "/a/b/c", true),
        ("/a/**", "/a", true),
        ("/a/**", "/a/b/c", true),
        ("/a/**", "/ab", false),
        ("/**/c", "/c", true),
        ("/**/c", "/a/b/c", true),
        ("/v*/x", "/v12/x", true),
        ("/*.json", "/a.json", true),
        ("/**", "/", true),
        ("*", "/a/b", true),
        ("/%61", "/a", true),
        ("/a", "/%61", true),
        ("/\u{e9}", "/%C3%A9", true),
        ("/%2A", "/%2a", true),
        ("/%2A", "/b", false),
    ];
    for (pattern, path, expected) in cases {
        assert_eq!(allows(pattern, path), expected, "{pattern} {path}");
        if expected {
            assert!(denies(pattern, path), "{pattern} {path}");
        }
    }
}

#[test]
fn what_servers_may_read_in_two_ways_is_not_allowed_and_is_denied_where_one_of_them_is() {
    for path in [
        "/x/../admin",
        "/./admin",
        "//admin",
        "/x//../admin",
        "/x%2fadmin/../../admin",
        "/%2e%2e/admin",
        "/x/.%2E/admin",
        "/x\\..\\admin",
        "/x/..;a=b/admin",
        "/admin;a=b",
        "/%2fadmin",
        "/admin%2f",
        "/%252e%252e/admin",
        "/admin\0",
        "/admin%00.png",
        "/admin?x",
        "/admin#x",
        "/x/%5c../../admin",
        "admin",
        "",
        "*",
        "host:443",
        "/admin%3bx",
    ] {
        for pattern in ["/**", "*", "/x/**", "/admin", "/*"] {
            assert!(!allows(pattern, path), "{pattern} {path}");
        }
        assert!(denies("/admin", path), "{path}");
    }
    // Of a path in one reading, another one is nothing.
    for path in [
        "/x",
        "/administrator",
        "/a/admin",
        "/x/../y",
        "//y",
        "/a%2fb",
    ] {
        assert!(!denies("/admin", path), "{path}");
    }
    assert!(denies("/admin", "/admin/"));
    assert!(denies("/admin/", "/admin"));
    assert!(denies("/admin/*", "/%61dmin/b%2fc"));
    assert!(denies("/admin", &format!("/{}", "x".repeat(10_000))));
    assert!(!allows("/**", &format!("/{}", "x".repeat(10_000))));
    assert!(denies("/admin", &format!("/%{}41", "25".repeat(20))));
}

#[test]
fn a_pattern_that_no_request_satisfies_is_a_fault() {
    for pattern in [
        "", "a", "a/*", "/a//b", "/../a", "/./a", "/a**", "/**a", "/a?b", "/a#b", "/a\\b",
        "/a%2fb", "/%2e", "/a%", "/a b", "/a;b", "**",
    ] {
        assert!(PathPattern::parse(pattern).is_err(), "{pattern}");
    }
    assert!(PathPattern::parse(&format!("/{}", "a".repeat(2000))).is_err());
}

#[test]
fn patterns_are_compared() {
    let pattern = |text| PathPattern::parse(text).unwrap();
    for (outer, inner, covers) in [
        ("/**", "/a/*/b", true),
        ("/a/**", "/a", true),
        ("/a/**", "/a/*/b/**", true),
        ("/a/*", "/a/b", true),
        ("/a/*", "/a/b*", true),
        ("/a/*", "/a/**", false),
        ("/a/b", "/a/*", false),
        ("/a*", "/*a", false),
    ] {
        assert_eq!(
            pattern(outer).covers(&pattern(inner)),
            covers,
            "{outer} {inner}"
        );
    }
    for (left, right, meet) in [
        ("/a", "/a", true),
        ("/a", "/b", false),
        ("/a", "/a/b", false),
        ("/a/**", "/a", true),
        ("/a/**", "/b/**", false),
        ("/a*", "/ab", true),
        ("/a*", "/a", true),
        ("/ab", "/a", false),
        ("/*/b", "/a/c", true),
    ] {
        let (left, right) = (pattern(left), pattern(right));
        assert_eq!(left.may_meet(&right), meet, "{left:?} {right:?}");
        assert_eq!(right.may_meet(&left), meet, "{left:?} {right:?}");
    }
    for (text, expected) in [
        ("*", true),
        ("/**", true),
        ("/*/**", true),
        ("/**/*", true),
        ("/*/**/*", false),
        ("/*", false),
        ("/**/**", true),
    ] {
        assert_eq!(pattern(text).is_everything(), expected, "{text}");
    }
}
