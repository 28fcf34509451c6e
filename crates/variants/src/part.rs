//! Text that becomes one name in a folder.

use lazaret_values::Printable;

use crate::Error;

/// Longest name in a folder, in bytes.
const LONGEST: usize = 255;

/// Checks that text of a user or peer is fit to be one name in a folder, and to be shown.
///
/// # Errors
/// [`Error::Part`] for empty and overlong text, `.` and `..`, separators of paths, and characters
/// that are not visible.
pub fn check_part(what: &'static str, text: &str) -> Result<(), Error> {
    let reason = if text.is_empty() {
        "is empty"
    } else if text == "." || text == ".." {
        "leads to a folder"
    } else if text.len() > LONGEST {
        "is longer than 255 bytes"
    } else if text.contains(['/', '\\']) {
        "has a separator of paths"
    } else if Printable::new(text).whole().to_string() != text {
        "has characters that cannot be seen"
    } else {
        return Ok(());
    };
    Err(Error::Part {
        what,
        text: Printable::excerpt(text),
        reason,
    })
}

/// As [`check_part`] for each part between slashes.
///
/// # Errors
/// As [`check_part`]; absolute paths and doubled slashes have empty parts.
pub(crate) fn check_parts(what: &'static str, text: &str) -> Result<(), Error> {
    if text.len() > 1024 {
        return Err(Error::Part {
            what,
            text: Printable::excerpt(text),
            reason: "is longer than 1024 bytes",
        });
    }
    let checked = text.split('/').try_for_each(|part| check_part(what, part));
    // The whole text says more than one of its parts.
    checked.map_err(|error| match error {
        Error::Part { reason, .. } => Error::Part {
            what,
            text: Printable::excerpt(text),
            reason: match reason {
                "is empty" if text.starts_with('/') => "is absolute",
                "is empty" if !text.is_empty() => "has an empty part",
                "leads to a folder" => "has a part that leads elsewhere",
                reason => reason,
            },
        },
        other => other,
    })
}
