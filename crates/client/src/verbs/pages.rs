//! Reads listings page by page, linked by `Link: <...>; rel="next"` (RFC 8288).

use std::collections::HashSet;

use http::{HeaderMap, Uri, header};

use crate::call::{Call, Request};
use crate::transport::{Reach, resolve};
use crate::{Client, Error};

/// Largest page of names that is read, in bytes.
pub(super) const LARGEST_PAGE: usize = 8 * 1024 * 1024;

/// Most entries of a listing that are kept.
const MOST_ENTRIES: usize = 1_000_000;

/// Most bytes of all pages of a listing of names.
pub(super) const MOST_NAMES: usize = 32 * 1024 * 1024;

/// Most bytes of all pages of a listing of descriptors. Their annotations take many times as much
/// memory.
pub(super) const MOST_DESCRIPTORS: usize = 8 * 1024 * 1024;

/// Reads one page after another, within the registry's own origin and within bounds.
pub(super) struct Pages<'a> {
    client: &'a Client,
    call: &'a Call<'a>,
    next: Option<Uri>,
    seen: HashSet<String>,
    entries: usize,
    /// Number of bytes that the pages to come may have.
    bytes_left: usize,
}

impl<'a> Pages<'a> {
    /// The pages from `first` on, which have at most `most` bytes together.
    pub(super) fn new(client: &'a Client, call: &'a Call<'a>, first: Uri, most: usize) -> Self {
        Self {
            client,
            call,
            next: Some(first),
            seen: HashSet::new(),
            entries: 0,
            bytes_left: most,
        }
    }

    /// Whether the last page that was read, or that failed, is the first one.
    pub(super) fn is_first(&self) -> bool {
        self.seen.len() == 1
    }

    /// Counts the entries of a page, and fails if there are too many in total.
    pub(super) fn count(&mut self, entries: usize) -> Result<(), Error> {
        self.entries += entries;
        if self.entries > MOST_ENTRIES {
            return Err(self
                .call
                .protocol(format!("lists more than {MOST_ENTRIES} entries")));
        }
        Ok(())
    }

    /// The body of the next page.
    pub(super) async fn next(
        &mut self,
        limit: usize,
        headers: HeaderMap,
    ) -> Result<Option<Vec<u8>>, Error> {
        let Some(uri) = self.next.take() else {
            return Ok(None);
        };
        let most = self.client.options().max_pages;
        if self.seen.len() >= most {
            return Err(self.call.protocol(format!("lists more than {most} pages")));
        }
        if !self.seen.insert(uri.to_string()) {
            return Err(self.call.protocol("links its pages in a circle"));
        }
        let mut request = Request::get(uri);
        request.headers = headers;
        request.reach = Reach::Anywhere;
        request.sees_other = false;
        let (head, body) = self.client.fetch(self.call, &request, limit).await?;
        self.bytes_left = self
            .bytes_left
            .checked_sub(body.len())
            .ok_or_else(|| self.call.protocol("gave a listing that is too long"))?;
        for value in head.headers.get_all(header::LINK) {
            let Some(target) = value.to_str().ok().and_then(next_link) else {
                continue;
            };
            let uri = resolve(&head.uri, &target)
                .ok_or_else(|| self.call.protocol("gave an unusable link to the next page"))?;
            if !self.client.is_ours(self.call.registry, &uri) {
                return Err(self.call.protocol("links the next page to another origin"));
            }
            self.next = Some(uri);
            break;
        }
        Ok(Some(body))
    }
}

/// The target of `rel="next"` in a `Link` header.
fn next_link(text: &str) -> Option<String> {
    if text.len() > 8192 {
        return None;
    }
    let mut rest = text;
    for _ in 0..32 {
        let (_, after) = rest.split_once('<')?;
        let (target, after) = after.split_once('>')?;
        let end = after.find('<').unwrap_or(after.len());
        let (parameters, more) = after.split_at(end);
        let is_next = parameters.split([';', ',']).any(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            name.trim().eq_ignore_ascii_case("rel")
                && value
                    .trim()
                    .trim_matches('"')
                    .split_ascii_whitespace()
                    .any(|kind| kind.eq_ignore_ascii_case("next"))
        });
        if is_next {
            return Some(target.to_owned());
        }
        rest = more;
    }
    None
}

#[cfg(test)]
mod tests;
