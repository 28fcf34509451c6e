//! Requests as they are written to a server.

use http::header::{CONTENT_LENGTH, HOST, HeaderValue, TRANSFER_ENCODING};
use http::request::Parts;
use http::{Request, Uri, Version};
use http_body::Body as _;

use crate::refuse::{Fault, Kind};

use super::fields;
use super::outgoing::Outgoing;
use super::peer::{Peer, Target};
use super::upstream::Line;

/// The request as it is written to a connection.
///
/// # Errors
/// It cannot be written.
pub(super) fn request(
    line: &Line,
    peer: &Peer,
    parts: &Parts,
    target: &Target,
    body: Outgoing,
) -> Result<Request<Outgoing>, Fault> {
    let mut request = Request::new(body);
    *request.method_mut() = parts.method.clone();
    *request.headers_mut() = parts.headers.clone();
    *request.extensions_mut() = parts.extensions.clone();
    let mut uri = http::uri::Parts::default();
    uri.path_and_query = Some(target.path.clone());
    request.headers_mut().remove(HOST);
    match line {
        Line::One(..) => {
            *request.version_mut() = Version::HTTP_11;
            fields::for_http1(request.headers_mut());
            let sized = request.headers().contains_key(CONTENT_LENGTH);
            if !sized && !request.body().is_end_stream() {
                // Otherwise hyper takes it that some methods have no body.
                let chunked = HeaderValue::from_static("chunked");
                request.headers_mut().insert(TRANSFER_ENCODING, chunked);
            }
            let host = HeaderValue::from_str(target.authority.as_str());
            let host = host.map_err(unsendable)?;
            request.headers_mut().insert(HOST, host);
        }
        Line::Two(_) => {
            *request.version_mut() = Version::HTTP_2;
            uri.scheme = Some(peer.scheme());
            uri.authority = Some(target.authority.clone());
        }
    }
    *request.uri_mut() = Uri::from_parts(uri).map_err(unsendable)?;
    Ok(request)
}

fn unsendable<E: std::error::Error>(error: E) -> Fault {
    let reason = format!("the request cannot be passed on: {error}");
    Fault::builtin(Kind::Malformed, "malformed", reason)
}
