//! The entry point of the fuzz target of the upload state that replicas exchange.

use super::state::State;
use crate::{Staged, UploadId};

/// Parses the state of an upload of `size` bytes, as another replica may have left it, and the name
/// of the upload.
pub fn upload_state(name: &str, size: u64, text: &str) {
    if let Ok(id) = name.parse::<UploadId>() {
        assert_eq!(id.as_str(), name);
        assert!(name.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
    let id = UploadId::random();
    let staged = Staged {
        size,
        state: Some(text.to_owned()),
    };
    let Ok(state) = State::of(&id, &staged) else {
        return;
    };
    assert!(state.in_tails().is_some_and(|tails| tails <= size));
    let again = state
        .to_staged()
        .expect("a state that was read can be written");
    assert_eq!(again.size, size);
    assert_eq!(State::of(&id, &again).ok(), Some(state));
}
