use super::*;

fn context(header: &str, ratio: f64) -> Context {
    let mut headers = HeaderMap::new();
    headers.insert("traceparent", header.parse().unwrap());
    Context::of(&headers, ratio)
}

#[test]
fn the_clients_trace_goes_on() {
    let given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let context = context(given, 0.0);
    assert!(context.is_sampled);
    assert_eq!(hex(&context.parent.unwrap()), "b7ad6b7169203331");
    let header = context.header();
    assert!(
        header.starts_with("00-0af7651916cd43dd8448eb211c80319c-"),
        "{header}"
    );
    assert!(
        header.ends_with("-01") && !header.contains("b7ad6b7169203331"),
        "{header}"
    );
}

#[test]
fn a_client_can_say_no() {
    let given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
    assert!(!context(given, 1.0).is_sampled);
}

#[test]
fn a_broken_header_begins_a_trace() {
    let cases = [
        "",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
    ];
    for header in cases {
        let context = context(header, 1.0);
        assert_eq!(
            (context.parent, context.is_sampled),
            (None, true),
            "{header}"
        );
        assert!(!self::context(header, 0.0).is_sampled, "{header}");
    }
    // A later version may have more fields.
    let later = "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more";
    assert!(context(later, 0.0).parent.is_some());
}

#[test]
fn an_endpoint_without_a_path_gets_the_usual_one() {
    assert_eq!(traces_url("http://c:4318"), "http://c:4318/v1/traces");
    assert_eq!(traces_url("http://c:4318/"), "http://c:4318/v1/traces");
    assert_eq!(traces_url("https://c/otlp/traces"), "https://c/otlp/traces");
}
