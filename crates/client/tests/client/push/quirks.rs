//! A registry with quirks.

use std::collections::HashMap;
use std::sync::Mutex;

use lazaret_oci::Digest;

use crate::support::{Answer, Seen};

/// The deviations of a registry from the plainest one.
#[derive(Clone, Default)]
pub(super) struct Quirks {
    /// 413 to a PUT with more bytes.
    pub(super) largest_put: Option<usize>,
    /// 413 to a PATCH with more bytes.
    pub(super) largest_chunk: Option<usize>,
    pub(super) least_chunk: Option<usize>,
    /// Statuses of the first PUTs with a body, in turn. 0: the connection breaks.
    pub(super) put: Vec<u16>,
    /// Statuses of the first PATCHes, likewise.
    pub(super) patch: Vec<u16>,
    /// Status of every PATCH.
    pub(super) no_chunks: Option<u16>,
    /// Status of a successful PATCH.
    pub(super) patched: Option<u16>,
    /// Whether the `Range` after a PATCH says that nothing was received.
    pub(super) stale: bool,
    /// Whether every answer moves the session to a new URL.
    pub(super) moving: bool,
    /// Whether locations are relative.
    pub(super) relative: bool,
}

#[derive(Default)]
struct State {
    sessions: HashMap<String, Vec<u8>>,
    blobs: HashMap<String, Vec<u8>>,
    opened: usize,
    puts: usize,
    patches: usize,
    moves: usize,
}

pub(super) fn registry(quirks: Quirks) -> impl Fn(&Seen, &String) -> Answer + Send + Sync {
    let state = Mutex::new(State::default());
    move |seen, own| answer(&quirks, &mut state.lock().unwrap(), seen, own)
}

fn answer(quirks: &Quirks, state: &mut State, seen: &Seen, own: &str) -> Answer {
    let unknown = || {
        Answer::json(
            404,
            r#"{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN","message":"no such upload"}]}"#,
        )
    };
    let id = seen.path().rsplit('/').next().unwrap().to_owned();
    let id = id.split('.').next().unwrap().to_owned();
    let at = |state: &mut State, id: &str| {
        state.moves += 1;
        let suffix = if quirks.moving {
            format!(".{}", state.moves)
        } else {
            String::new()
        };
        let path = format!("/v2/a/blobs/uploads/{id}{suffix}?_state=x%2Fy");
        if quirks.relative {
            path
        } else {
            format!("http://{own}{path}")
        }
    };
    match seen.method.as_str() {
        "HEAD" => match state.blobs.get(&id) {
            Some(body) => Answer::new(200).with("Content-Length", body.len().to_string()),
            None => Answer::new(404),
        },
        "POST" => {
            state.opened += 1;
            let id = format!("s{}", state.opened);
            state.sessions.insert(id.clone(), Vec::new());
            let reply = Answer::new(202).with("Location", at(state, &id));
            match quirks.least_chunk {
                Some(least) => reply.with("OCI-Chunk-Min-Length", least.to_string()),
                None => reply,
            }
        }
        "GET" => match state.sessions.get(&id) {
            Some(got) => {
                let last = got.len().saturating_sub(1);
                let location = at(state, &id);
                Answer::new(204)
                    .with("Range", format!("0-{last}"))
                    .with("Location", location)
            }
            None => unknown(),
        },
        "PATCH" => {
            state.patches += 1;
            if let Some(status) = quirks.no_chunks {
                return Answer::new(status);
            }
            match quirks.patch.get(state.patches - 1) {
                Some(0) => return Answer::raw(""),
                Some(200) | None => {}
                Some(status) => return Answer::new(*status),
            }
            if quirks
                .largest_chunk
                .is_some_and(|most| seen.body.len() > most)
            {
                return Answer::new(413);
            }
            let Some(got) = state.sessions.get_mut(&id) else {
                return unknown();
            };
            let start = got.len();
            let range = format!("{start}-{}", start + seen.body.len() - 1);
            if seen.header("content-range") != Some(&range) {
                return Answer::new(416).with("Range", format!("0-{}", start.saturating_sub(1)));
            }
            got.extend_from_slice(&seen.body);
            let last = if quirks.stale { 0 } else { got.len() - 1 };
            let location = at(state, &id);
            Answer::new(quirks.patched.unwrap_or(202))
                .with("Location", location)
                .with("Range", format!("0-{last}"))
        }
        "PUT" => {
            if !seen.body.is_empty() {
                state.puts += 1;
                match quirks.put.get(state.puts - 1) {
                    Some(0) => return Answer::raw(""),
                    Some(200) | None => {}
                    Some(status) => return Answer::new(*status),
                }
                if quirks
                    .largest_put
                    .is_some_and(|most| seen.body.len() > most)
                {
                    return Answer::new(413);
                }
            }
            let Some(mut got) = state.sessions.remove(&id) else {
                return unknown();
            };
            got.extend_from_slice(&seen.body);
            let digest = seen.target.split("digest=").nth(1).unwrap().to_owned();
            if Digest::of(&got).to_string() != digest {
                return Answer::json(
                    400,
                    r#"{"errors":[{"code":"DIGEST_INVALID","message":"not what you said"}]}"#,
                );
            }
            state.blobs.insert(digest.clone(), got);
            Answer::new(201).with("Docker-Content-Digest", digest)
        }
        _ => Answer::new(400),
    }
}
