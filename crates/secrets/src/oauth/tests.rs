use http::StatusCode;
use lazaret_values::Secret;
use proptest::prelude::*;

use super::{Grant, GrantError, endpoint, reply};

#[test]
fn a_token_endpoint_is_https_or_loopback() {
    for good in [
        "https://auth.test/token",
        "http://127.0.0.1:8080/token",
        "http://localhost/token",
        "http://[::1]:1/t",
    ] {
        endpoint(good).unwrap();
    }
    for bad in [
        "http://auth.test/token",
        "http://localhost.test/token",
        "http://127.0.0.1@auth.test/",
        "https://user@auth.test/",
        "/token",
        "ftp://auth.test",
        "",
    ] {
        endpoint(bad).unwrap_err();
    }
}

#[test]
fn a_form_is_percent_encoded() {
    let grant = Grant {
        token_url: "https://auth.test/token".to_owned(),
        client_id: "a&b".to_owned(),
        scope: Some("read write".to_owned()),
    };
    assert_eq!(
        reply::form(&grant, &Secret::new("r=1/ä")),
        "grant_type=refresh_token&refresh_token=r%3D1%2F%C3%A4&client_id=a%26b&scope=read%20write"
    );
}

#[test]
fn an_answer_needs_a_bearer_token() {
    let fresh = reply::fresh(br#"{"access_token":"a","expires_in":"60","refresh_token":"r"}"#);
    let fresh = fresh.unwrap();
    assert_eq!(fresh.access.reveal(), "a");
    assert_eq!(fresh.lives.unwrap().as_secs(), 60);
    assert_eq!(fresh.refresh.unwrap().reveal(), "r");
    for bad in [
        r#"{"access_token":""}"#,
        r#"{"access_token":"a\nb"}"#,
        r#"{"access_token":"a","token_type":"mac"}"#,
        r#"{"refresh_token":"r"}"#,
        "hunter2",
    ] {
        let error = reply::fresh(bad.as_bytes()).unwrap_err();
        assert!(!error.to_string().contains("hunter2"));
    }
}

#[test]
fn a_refusal_is_printable() {
    let body = br#"{"error":"invalid_grant","error_description":"gone\u001b[31m"}"#;
    let GrantError::Refused {
        reason, is_final, ..
    } = reply::refused(StatusCode::BAD_REQUEST, body)
    else {
        panic!("another error");
    };
    assert!(is_final);
    assert!(reason.starts_with("invalid_grant: gone"));
    assert!(!reason.contains('\u{1b}'));
}

proptest! {
    #[test]
    fn no_answer_is_a_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = reply::fresh(&body);
        let _ = reply::refused(StatusCode::BAD_GATEWAY, &body).to_string();
    }
}
