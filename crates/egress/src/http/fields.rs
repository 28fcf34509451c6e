//! Header fields that belong to one connection and not to the message (RFC 9110, section 7.6.1).

use http::HeaderMap;
use http::header::{
    CONNECTION, COOKIE, EXPECT, HeaderName, HeaderValue, TE, TRANSFER_ENCODING, UPGRADE,
};

/// Fields that go no further.
const HOP_BY_HOP: [&str; 7] = [
    "keep-alive",
    "proxy-connection",
    "proxy-authenticate",
    "proxy-authorization",
    "http2-settings",
    "transfer-encoding",
    "upgrade",
];

/// What may be spoken instead of HTTP after a request; what would be HTTP again is not looked into
/// then, and is taken out.
pub(super) fn upgrade(headers: &HeaderMap) -> Option<HeaderValue> {
    let wanted = list(headers, &CONNECTION).any(|word| word.eq_ignore_ascii_case("upgrade"));
    if !wanted {
        return None;
    }
    let kept: Vec<_> = list(headers, &UPGRADE)
        .filter(|protocol| {
            let name = protocol.split('/').next().unwrap_or_default();
            let http = ["h2", "h2c", "http", "tls"];
            !http.iter().any(|other| name.eq_ignore_ascii_case(other))
        })
        .collect();
    if kept.is_empty() {
        return None;
    }
    HeaderValue::from_str(&kept.join(", ")).ok()
}

/// Takes the fields of the guest's connection out of a request.
pub(super) fn clean_request(headers: &mut HeaderMap) {
    let trailers = list(headers, &TE).any(|word| word.eq_ignore_ascii_case("trailers"));
    clean(headers);
    headers.remove(TE);
    // hyper says that the body may come, when it is asked for the body.
    headers.remove(EXPECT);
    if trailers {
        headers.insert(TE, HeaderValue::from_static("trailers"));
    }
}

/// Joins what HTTP/2 may split (RFC 9113, section 8.2.3).
pub(super) fn for_http1(headers: &mut HeaderMap) {
    let crumbs: Vec<_> = headers.get_all(COOKIE).iter().collect();
    if crumbs.len() < 2 {
        return;
    }
    let crumbs: Vec<_> = crumbs.into_iter().map(HeaderValue::as_bytes).collect();
    if let Ok(cookie) = HeaderValue::from_bytes(&crumbs.join(&b"; "[..])) {
        headers.insert(COOKIE, cookie);
    }
}

/// Takes the fields of the server's connection out of a response.
pub(super) fn clean_response(headers: &mut HeaderMap) {
    clean(headers);
}

/// Puts back that both sides speak something else now.
pub(super) fn switch(headers: &mut HeaderMap, protocol: HeaderValue) {
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, protocol);
}

fn clean(headers: &mut HeaderMap) {
    let named: Vec<_> = list(headers, &CONNECTION)
        .filter_map(|name| HeaderName::from_bytes(name.as_bytes()).ok())
        // A length is never of the connection only, whatever is said.
        .filter(|name| !matches!(name.as_str(), "content-length" | "host"))
        .collect();
    for name in named {
        headers.remove(name);
    }
    headers.remove(CONNECTION);
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
    debug_assert!(!headers.contains_key(TRANSFER_ENCODING));
}

/// The words of a field that is a list.
fn list<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|word| !word.is_empty())
}
