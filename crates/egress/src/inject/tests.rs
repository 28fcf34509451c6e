use http::HeaderMap;
use http::header::{AUTHORIZATION, HeaderName, HeaderValue};
use http::uri::PathAndQuery;

use crate::desk::Secret;
use crate::message::{Inject, Integration, IntegrationCredential};

use super::{Scan, apply, conceal, leftovers, plan};

const PLACEHOLDER: &str = "lz-placeholder";

fn credential(name: &str, inject: Inject, format: Option<&str>) -> IntegrationCredential {
    IntegrationCredential {
        name: name.to_owned(),
        inject,
        format: format.map(str::to_owned),
        placeholder: PLACEHOLDER.to_owned(),
    }
}

fn bearer() -> IntegrationCredential {
    let header = Inject::Header("authorization".to_owned());
    credential("bearer", header, Some("Bearer {}"))
}

fn key() -> IntegrationCredential {
    credential("key", Inject::Header("x-api-key".to_owned()), None)
}

fn query() -> IntegrationCredential {
    credential("query", Inject::Query("key".to_owned()), None)
}

fn basic() -> IntegrationCredential {
    credential("basic", Inject::Basic("x-access-token".to_owned()), None)
}

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        headers.append(name, HeaderValue::from_str(value).unwrap());
    }
    headers
}

/// The request line's target and the headers that go out; or what is wrong.
fn sent(
    credentials: &[IntegrationCredential],
    target: &str,
    pairs: &[(&str, &str)],
) -> Result<(String, Vec<String>), String> {
    let integration = Integration {
        id: "service".to_owned(),
        endpoints: Vec::new(),
        credentials: credentials.to_vec(),
    };
    let mut target = PathAndQuery::try_from(target).unwrap();
    let mut headers = headers(pairs);
    let planned = plan(&integration, &target, &headers).map_err(|misplaced| misplaced.reason)?;
    for credential in planned {
        apply(
            credential,
            &Secret::new("s3cr&t"),
            &mut target,
            &mut headers,
        )?;
    }
    if let Some(note) = leftovers(&integration, &target, &headers) {
        return Ok((note, Vec::new()));
    }
    let headers = headers
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()));
    Ok((target.to_string(), headers.collect()))
}

fn header_of(credentials: &[IntegrationCredential], pairs: &[(&str, &str)]) -> String {
    sent(credentials, "/", pairs).unwrap().1.join(", ")
}

fn encode(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}

#[test]
fn a_header_gets_the_secret_for_its_placeholder() {
    let expected = "authorization: Bearer s3cr&t";
    for value in [
        "Bearer lz-placeholder",
        "bearer lz-placeholder",
        "token  lz-placeholder",
        "lz-placeholder",
        "Bearer lz%2Dplaceholder",
        "Bearer",
        "",
    ] {
        let sent = header_of(&[bearer()], &[("authorization", value)]);
        assert_eq!(sent, expected, "{value}");
    }
    assert_eq!(header_of(&[bearer()], &[]), expected);
    assert_eq!(
        header_of(&[key()], &[("x-api-key", PLACEHOLDER)]),
        "x-api-key: s3cr&t"
    );
}

#[test]
fn a_bearer_token_gets_the_secret_although_another_header_is_declared() {
    let carried = |value: &str| header_of(&[key()], &[("authorization", value)]);
    let expected = "authorization: Bearer s3cr&t";
    assert_eq!(carried("Bearer lz-placeholder"), expected);
    assert_eq!(carried("bearer lz%2Dplaceholder"), expected);
    let both = [
        ("x-api-key", PLACEHOLDER),
        ("authorization", "Bearer lz-placeholder"),
    ];
    let filled = "x-api-key: s3cr&t, authorization: Bearer s3cr&t";
    assert_eq!(header_of(&[key()], &both), filled);
    let around = [("authorization", "Bearer lz-placeholder-x")];
    let note = sent(&[key()], "/", &around).unwrap().0;
    assert!(note.contains("the header authorization"), "{note}");
    let foreign = [
        ("x-api-key", "own"),
        ("authorization", "Bearer lz-placeholder"),
    ];
    assert!(sent(&[key()], "/", &foreign).is_err());
}

#[test]
fn something_else_in_a_place_is_never_replaced() {
    let refused = |credentials: &[_], pairs: &[_]| sent(credentials, "/", pairs).unwrap_err();
    let reason = refused(&[bearer()], &[("authorization", "Bearer other")]);
    assert_eq!(
        reason,
        "the place of the credential service/bearer has something else than the placeholder"
    );
    let around = refused(&[bearer()], &[("authorization", "Bearer xlz-placeholder")]);
    assert!(around.ends_with("with other text around it"), "{around}");
    let twice = [("x-api-key", PLACEHOLDER), ("x-api-key", "other")];
    assert!(refused(&[key()], &twice).ends_with("more than one value"));
    let both = [
        ("x-api-key", PLACEHOLDER),
        ("authorization", "Bearer other"),
    ];
    assert!(refused(&[key(), bearer()], &both).contains("service/bearer"));
    assert!(sent(&[query()], "/?key=other", &[]).is_err());
    assert!(sent(&[query()], "/?key=lz-placeholder&k%65y=x", &[]).is_err());
}

#[test]
fn who_brings_another_kind_of_credential_keeps_it() {
    let own = [("authorization", "Bearer own")];
    assert_eq!(header_of(&[key()], &own), "authorization: Bearer own");
    let other = [("authorization", "Basic bWU6cGFzcw==")];
    assert_eq!(
        header_of(&[bearer()], &other),
        "authorization: Basic bWU6cGFzcw=="
    );
    assert_eq!(header_of(&[basic()], &own), "authorization: Bearer own");
}

#[test]
fn nothing_is_chosen_of_two_credentials() {
    assert_eq!(header_of(&[key(), bearer()], &[]), "");
    assert_eq!(
        header_of(
            &[basic(), bearer()],
            &[("authorization", "Bearer lz-placeholder")]
        ),
        "authorization: Bearer s3cr&t"
    );
}

#[test]
fn a_parameter_gets_the_secret_encoded() {
    let target = |target| sent(&[query()], target, &[]).unwrap().0;
    assert_eq!(
        target("/a?x=1&key=lz-placeholder&y=%20"),
        "/a?x=1&key=s3cr%26t&y=%20"
    );
    assert_eq!(target("/a?k%65y=lz%2dplaceholder"), "/a?key=s3cr%26t");
    assert_eq!(target("/a?x&y="), "/a?x&y=&key=s3cr%26t");
    assert_eq!(target("/a"), "/a?key=s3cr%26t");
}

#[test]
fn a_password_gets_the_secret() {
    let expected = format!("authorization: Basic {}", encode("x-access-token:s3cr&t"));
    for pair in [
        "x-access-token:lz-placeholder",
        ":lz-placeholder",
        "x-access-token:lz%2Dplaceholder",
        "lz-placeholder:",
        "lz-placeholder:x-oauth-basic",
    ] {
        let value = format!("Basic {}", encode(pair));
        let sent = header_of(&[basic()], &[("authorization", &value)]);
        assert_eq!(sent, expected, "{pair}");
    }
    for pair in [
        "git:lz-placeholder",
        "x-access-token:other",
        "x-access-token:lz-placeholderx",
    ] {
        let value = format!("Basic {}", encode(pair));
        assert!(
            sent(&[basic()], "/", &[("authorization", &value)]).is_err(),
            "{pair}"
        );
    }
    assert!(sent(&[basic()], "/", &[("authorization", "Basic %%%")]).is_err());
}

#[test]
fn a_placeholder_elsewhere_is_told() {
    let note = |target, pairs: &[_]| sent(&[key(), bearer()], target, pairs).unwrap().0;
    let header = note("/", &[("x-other", "my lz-placeholder")]);
    assert_eq!(
        header,
        "the placeholder of service/key in the header x-other is no credential and stayed"
    );
    assert!(note("/?q=lz-placeholder", &[]).contains("the URL"));
}

#[test]
fn a_secret_that_no_header_can_have_is_refused() {
    let mut target = PathAndQuery::from_static("/");
    let mut headers = HeaderMap::new();
    let secret = Secret::new("line\nfeed");
    let reason = apply(&key(), &secret, &mut target, &mut headers).unwrap_err();
    assert!(!reason.contains("feed"), "{reason}");
    assert!(headers.is_empty());
}

#[test]
fn secrets_are_never_indexed_and_not_shown() {
    let mut target = PathAndQuery::from_static("/");
    let mut headers = HeaderMap::new();
    apply(&bearer(), &Secret::new("secret"), &mut target, &mut headers).unwrap();
    assert!(headers[AUTHORIZATION].is_sensitive());
    assert!(!format!("{headers:?}").contains("secret"));
}

#[test]
fn secrets_in_a_response_become_placeholders() {
    let mut told = headers(&[
        ("location", "https://x/?key=s3cr%26t&a"),
        ("x-echo", "Bearer s3cr&t s3cr&t"),
        ("other", "kept"),
    ]);
    conceal(
        &[(Secret::new("s3cr&t"), PLACEHOLDER.to_owned())],
        &mut told,
    );
    assert_eq!(told["location"], "https://x/?key=lz-placeholder&a");
    assert_eq!(told["x-echo"], "Bearer lz-placeholder lz-placeholder");
    assert_eq!(told["other"], "kept");
}

#[test]
fn a_placeholder_in_a_body_is_found_wherever_it_is_cut() {
    let body = b"{\"text\": \"lz-placeholder\"}, lz-placeholder";
    for size in 1..body.len() {
        let mut scan = Scan::new(&Integration {
            id: "service".to_owned(),
            endpoints: Vec::new(),
            credentials: vec![key()],
        });
        let found: Vec<_> = body
            .chunks(size)
            .flat_map(|piece| scan.see(piece))
            .collect();
        let expected = "the placeholder of service/key in the body is no credential and stayed";
        assert_eq!(found, [expected], "{size}");
        assert!(scan.see(&body[..20]).is_empty());
    }
}
