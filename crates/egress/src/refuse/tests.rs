use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};

use hyper::ext::ReasonPhrase;

use super::{Fault, Kind, response};

fn asked(kind: &'static str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers
}

#[test]
fn a_refusal_says_what_would_help() {
    let fault = Fault::builtin(Kind::Refused, "x", "a \"reason\"").hint("lazaret connect x");
    let response = response(&fault, "host.test", &asked("application/json"));
    assert_eq!(response.status(), 403);
    assert_eq!(response.headers()["lazaret-refused"], "builtin:x");
    let body: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
    let expected = serde_json::json!({
        "error": {"type": "refused", "message": "host.test: a \"reason\" (lazaret connect x)"},
        "host": "host.test",
        "rule": "builtin:x",
        "reason": "a \"reason\"",
        "hint": "lazaret connect x",
    });
    assert_eq!(body, expected);
    let phrase: &ReasonPhrase = response.extensions().get().unwrap();
    assert_eq!(phrase.as_bytes(), b"Forbidden (lazaret connect x)");
}

#[test]
fn only_calls_of_grpc_are_answered_as_such() {
    let fault = Fault::builtin(Kind::Unreachable, "x", "100 % é\n");
    for kind in [
        "application/grpc",
        "application/grpc+proto",
        "application/grpc;x",
    ] {
        let response = response(&fault, "host.test", &asked(kind));
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["grpc-status"], "14");
        let message = &response.headers()["grpc-message"];
        assert_eq!(message, "host.test: 100 %25 %C3%A9%0A");
        assert!(response.body().is_empty());
    }
    let web = response(&fault, "host.test", &asked("application/grpc-web"));
    assert_eq!(web.status(), 502);
}
