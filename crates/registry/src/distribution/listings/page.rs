//! Pages of a listing (distribution-spec 1.1, "Listing Tags").

use http::{Response, header};
use lazaret_content::Page;
use lazaret_oci::wire::ErrorCode;

use crate::message::query::{Query, encode};
use crate::message::{Body, Refusal, answer};

/// Entries of one page, when the client gives no number.
const DEFAULT_PAGE: usize = 1000;

/// The page that the parameters `n` and `last` ask for.
///
/// # Errors
/// Fails when `n` is not a number.
pub(crate) fn page(query: &Query) -> Result<Page, Refusal> {
    let limit = match query.get("n") {
        None => DEFAULT_PAGE,
        Some(text) => text.parse::<usize>().map_err(|_| {
            Refusal::new(ErrorCode::Unsupported, "the parameter n is not a number")
                .status(http::StatusCode::BAD_REQUEST)
        })?,
    };
    Ok(Page {
        last: query.get("last").map(str::to_owned),
        limit: Some(limit.min(10 * DEFAULT_PAGE)),
    })
}

/// Adds the `Link` to the next page (distribution-spec 1.1, "Listing Tags").
pub(super) fn with_next(
    response: Response<Body>,
    path: &str,
    page: &Page,
    last: Option<&str>,
) -> Response<Body> {
    match (page.limit, last) {
        (Some(limit @ 1..), Some(last)) => {
            let start = if path.contains('?') { '&' } else { '?' };
            let last = encode(last);
            let link = format!("<{path}{start}n={limit}&last={last}>; rel=\"next\"");
            answer::with(response, header::LINK, &link)
        }
        _ => response,
    }
}
