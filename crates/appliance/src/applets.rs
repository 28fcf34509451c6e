//! Reads the applets of a busybox from its table of names, without running it.
//!
//! The table is a sorted list of names with a NUL byte after each, and an empty one at its end
//! (busybox, `applets/applet_tables.c`).

#[cfg(test)]
mod tests;

/// What every busybox with `test` begins its table with.
const FIRST: &[u8] = b"\0[\0[[\0";
/// Longest name of an applet, in bytes.
const LONGEST: usize = 64;
/// Most applets; the largest busybox has about 400.
const MOST: usize = 2000;

/// The applets of a busybox; `None` for what is none.
pub(crate) fn applets(program: &[u8]) -> Option<Vec<String>> {
    let mut at = 0;
    while let Some(found) = position(&program[at..], FIRST) {
        let start = at + found + 1;
        if let Some(names) = table(&program[start..]) {
            return Some(names);
        }
        at = start;
    }
    None
}

fn table(mut bytes: &[u8]) -> Option<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    loop {
        let end = bytes.iter().take(LONGEST + 1).position(|byte| *byte == 0)?;
        if end == 0 {
            break;
        }
        let name = std::str::from_utf8(&bytes[..end]).ok()?;
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"[_-.+".contains(&byte);
        let is_next = names.last().is_none_or(|last| last.as_str() < name);
        if !name.bytes().all(is_name) || name.starts_with('.') || !is_next {
            break;
        }
        if names.len() == MOST {
            return None;
        }
        names.push(name.to_owned());
        bytes = &bytes[end + 1..];
    }
    // A few sorted words may be anywhere.
    names.iter().any(|name| name == "sh").then_some(names)
}

fn position(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|part| part == wanted)
}
