//! The places of credentials in a request.

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use http::HeaderMap;
use http::header::{AUTHORIZATION, HeaderName, HeaderValue};
use http::uri::PathAndQuery;
use zeroize::Zeroizing;

use crate::desk::Secret;
use crate::message::{Inject, IntegrationCredential};

use super::encoding::{contains, percent_decode, percent_encode};

/// base64 as clients write it, with or without its padding.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What a request carries in the place of a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Carried {
    /// Nothing.
    Nothing,
    /// The placeholder.
    Placeholder,
    /// Something else; in words that do not repeat it.
    Else(&'static str),
}

/// Looks at the place of a credential.
pub(super) fn look(
    credential: &IntegrationCredential,
    target: &PathAndQuery,
    headers: &HeaderMap,
) -> Carried {
    match &credential.inject {
        Inject::Header(name) => match header(credential, name, headers) {
            Carried::Nothing if is_bearer(credential, name, headers) => Carried::Placeholder,
            carried => carried,
        },
        Inject::Query(name) => query(credential, name, target),
        Inject::Basic(user) => basic(credential, user, headers),
    }
}

/// Puts a secret in its place.
///
/// # Errors
/// Why it cannot be there, in words.
pub(super) fn fill(
    credential: &IntegrationCredential,
    secret: &Secret,
    target: &mut PathAndQuery,
    headers: &mut HeaderMap,
) -> Result<(), String> {
    let text = formatted(credential, secret.reveal());
    match &credential.inject {
        Inject::Header(name) => {
            if is_bearer(credential, name, headers) {
                let value = Zeroizing::new(format!("Bearer {}", secret.reveal()));
                insert(headers, AUTHORIZATION, &value)?;
                if !headers.contains_key(name) {
                    return Ok(());
                }
            }
            let name = HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| format!("{name} is no name of a header"))?;
            insert(headers, name, &text)
        }
        Inject::Basic(user) => {
            let pair = Zeroizing::new(format!("{user}:{}", *text));
            let value = Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
            insert(headers, AUTHORIZATION, &value)
        }
        Inject::Query(name) => {
            let value = Zeroizing::new(percent_encode(&text));
            let filled = Zeroizing::new(with_parameter(target, name, &value));
            *target = PathAndQuery::try_from(filled.as_str())
                .map_err(|_| "the URL would be too long".to_owned())?;
            Ok(())
        }
    }
}

/// Whether a header says anything beside the name of a scheme.
pub(super) fn is_said(value: &HeaderValue) -> bool {
    let words = value.as_bytes().split(u8::is_ascii_whitespace);
    let mut words = words.filter(|word| !word.is_empty());
    match (words.next(), words.next()) {
        (None, _) => false,
        (Some(word), None) => !is_scheme(word),
        _ => true,
    }
}

fn is_scheme(word: &[u8]) -> bool {
    [&b"bearer"[..], b"basic", b"token"]
        .iter()
        .any(|scheme| word.eq_ignore_ascii_case(scheme))
}

fn insert(headers: &mut HeaderMap, name: HeaderName, text: &str) -> Result<(), String> {
    let mut value = HeaderValue::from_str(text)
        .map_err(|_| "the secret has characters that no header can have".to_owned())?;
    value.set_sensitive(true);
    headers.insert(name, value);
    Ok(())
}

/// The text that goes out for a secret.
fn formatted(credential: &IntegrationCredential, secret: &str) -> Zeroizing<String> {
    Zeroizing::new(match &credential.format {
        Some(format) => format.replace("{}", secret),
        None => secret.to_owned(),
    })
}

/// A header: the placeholder alone, in its format, or after another word (`token ...`).
fn header(credential: &IntegrationCredential, name: &str, headers: &HeaderMap) -> Carried {
    let values: Vec<_> = headers.get_all(name).iter().collect();
    let value = match values.as_slice() {
        [] => return Carried::Nothing,
        [value] => *value,
        _ => return Carried::Else("more than one value"),
    };
    if !is_said(value) {
        return Carried::Nothing;
    }
    let Ok(text) = value.to_str() else {
        return Carried::Else("something else than the placeholder");
    };
    let expected = formatted(credential, &credential.placeholder);
    let (scheme, rest) = match text.trim().split_once(' ') {
        Some((scheme, rest)) => (Some(scheme), rest.trim()),
        None => (None, text.trim()),
    };
    if is(text.trim(), &expected) || is(rest, &credential.placeholder) {
        return Carried::Placeholder;
    }
    if contains(&percent_decode(text), credential.placeholder.as_bytes()) {
        return Carried::Else("the placeholder with other text around it");
    }
    let ours = credential
        .format
        .as_deref()
        .and_then(|format| format.split_once(' '));
    match (scheme, ours) {
        // Another way to say who one is, for which this header is as well.
        (Some(scheme), Some((ours, _))) if !scheme.eq_ignore_ascii_case(ours) => Carried::Nothing,
        _ => Carried::Else("something else than the placeholder"),
    }
}

/// Whether the placeholder is the bearer token (RFC 6750) of a request to a service with a header of its own.
fn is_bearer(credential: &IntegrationCredential, declared: &str, headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return false;
    };
    let words = value
        .to_str()
        .ok()
        .and_then(|text| text.trim().split_once(' '));
    words.is_some_and(|(scheme, token)| {
        !declared.eq_ignore_ascii_case(AUTHORIZATION.as_str())
            && scheme.eq_ignore_ascii_case("bearer")
            && is(token.trim(), &credential.placeholder)
    })
}

/// A parameter of the URL.
fn query(credential: &IntegrationCredential, name: &str, target: &PathAndQuery) -> Carried {
    let mut values = parameters(target)
        .filter(|(key, _)| percent_decode(key) == name.as_bytes())
        .map(|(_, value)| value);
    let value = match (values.next(), values.next()) {
        (None, _) | (Some(""), None) => return Carried::Nothing,
        (Some(value), None) => value,
        _ => return Carried::Else("more than one value"),
    };
    let expected = formatted(credential, &credential.placeholder);
    if is(value, &expected) || is(value, &credential.placeholder) {
        Carried::Placeholder
    } else {
        Carried::Else("something else than the placeholder")
    }
}

/// Basic authentication: the placeholder is the password, or the user where there is none.
fn basic(credential: &IntegrationCredential, user: &str, headers: &HeaderMap) -> Carried {
    let values: Vec<_> = headers.get_all(AUTHORIZATION).iter().collect();
    let value = match values.as_slice() {
        [] => return Carried::Nothing,
        [value] => *value,
        _ => return Carried::Else("more than one value"),
    };
    let words = value.to_str().ok().map(|text| text.trim().split_once(' '));
    let Some(Some((scheme, encoded))) = words else {
        return Carried::Nothing;
    };
    if !scheme.eq_ignore_ascii_case("basic") {
        return Carried::Nothing;
    }
    let decoded = LENIENT.decode(encoded.trim()).ok();
    let decoded = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
    let Some(decoded) = decoded.map(Zeroizing::new) else {
        return Carried::Else("something that is not base64");
    };
    let (name, password) = decoded.split_once(':').unwrap_or((&decoded, ""));
    let placeholder = &credential.placeholder;
    match (is(password, placeholder), is(name, placeholder)) {
        (true, _) if name.is_empty() || user.is_empty() || name == user => Carried::Placeholder,
        (true, _) => Carried::Else("the placeholder for another user"),
        (false, true) if matches!(password, "" | "x-oauth-basic") => Carried::Placeholder,
        _ if password.is_empty() => Carried::Nothing,
        _ => Carried::Else("something else than the placeholder"),
    }
}

/// Whether a text is the expected one, as it is or percent-encoded.
fn is(text: &str, expected: &str) -> bool {
    text == expected || percent_decode(text) == expected.as_bytes()
}

/// The parameters of a URL, as they are.
fn parameters(target: &PathAndQuery) -> impl Iterator<Item = (&str, &str)> {
    let pairs = target.query().unwrap_or_default().split('&');
    pairs
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

/// The target with this value of a parameter, in the place of the one that it has, if any.
fn with_parameter(target: &PathAndQuery, name: &str, value: &str) -> String {
    let filled = format!("{}={value}", percent_encode(name));
    let is_ours = |pair: &str| {
        let key = pair.split('=').next().unwrap_or_default();
        percent_decode(key) == name.as_bytes()
    };
    let query = target.query().unwrap_or_default();
    let mut pairs: Vec<_> = query.split('&').filter(|pair| !pair.is_empty()).collect();
    match pairs.iter_mut().find(|pair| is_ours(pair)) {
        Some(pair) => *pair = &filled,
        None => pairs.push(&filled),
    }
    format!("{}?{}", target.path(), pairs.join("&"))
}
