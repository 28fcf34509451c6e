use super::next_link;

#[test]
fn only_the_next_relation_counts() {
    let check = |text: &str, expected: Option<&str>| {
        assert_eq!(next_link(text).as_deref(), expected, "{text}");
    };
    check(
        r#"</v2/a/tags/list?n=2&last=b>; rel="next""#,
        Some("/v2/a/tags/list?n=2&last=b"),
    );
    check("</b>; rel=next", Some("/b"));
    check(r#"</a>; rel="prev", </b>; rel="last next""#, Some("/b"));
    check(r#"</a>; rel="prev""#, None);
    check("</a", None);
    check("", None);
}
