//! Compares the output that a document shows with what comes.

/// Units of values that differ from run to run.
const UNITS: &[&str] = &["B", "KiB", "MiB", "GiB", "ms", "s"];

/// The note of `run` on machines where KVM does not work, which documents leave out.
const EMULATED: &str = "machines are emulated (TCG)";

/// Says where output differs from what a document shows, if it does.
///
/// Digests, releases of kernels, and numbers with a unit of size or time stand for all of their kind;
/// white space of any width is equal. A line `...` stands for any lines, `...` at the end of a line for any rest.
pub(crate) fn difference(shown: &[String], came: &str) -> Option<String> {
    let came = came.lines().filter(|line| !line.starts_with(EMULATED));
    let came: Vec<String> = came.map(general).collect();
    let mut shown = shown.iter().map(|line| general(line)).peekable();
    let mut at = 0;
    while let Some(line) = shown.next() {
        if line == "..." {
            // Nothing after it: the rest of the output may be anything.
            let next = shown.peek()?;
            let found = came[at..].iter().position(|came| fits(next, came));
            let Some(found) = found else {
                return Some(format!("no line '{next}'"));
            };
            at += found;
            continue;
        }
        match came.get(at) {
            Some(came) if fits(&line, came) => at += 1,
            Some(came) => return Some(format!("'{came}' in place of '{line}'")),
            None => return Some(format!("no line '{line}'")),
        }
    }
    came.get(at).map(|line| format!("'{line}' is not shown"))
}

/// Whether a line is what a document shows, which may end with `...`.
fn fits(shown: &str, came: &str) -> bool {
    match shown.strip_suffix("...") {
        Some(start) => came.starts_with(start),
        None => came == shown,
    }
}

/// A line with placeholders for what differs from run to run.
fn general(line: &str) -> String {
    let mut words: Vec<&str> = Vec::new();
    for word in line.split_whitespace() {
        let bare = word.trim_matches(['(', ')', ',']);
        if is_digest(bare) {
            words.push("DIGEST");
        } else if is_release(bare) {
            words.push("RELEASE");
        } else if UNITS.contains(&bare) && words.last().is_some_and(|last| is_number(last)) {
            words.pop();
            words.push("VALUE");
        } else {
            words.push(word);
        }
    }
    words.join(" ")
}

fn is_digest(word: &str) -> bool {
    let Some(hex) = word.strip_prefix("sha256:") else {
        return false;
    };
    hex.ends_with("...") || (hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Whether a word is a kernel's release, as `6.1.0-56-cloud-amd64`.
fn is_release(word: &str) -> bool {
    let (version, rest) = word.split_once('-').unwrap_or_default();
    let is_version = version.split('.').all(|part| part.parse::<u32>().is_ok());
    is_version && rest.ends_with("amd64")
}

fn is_number(word: &str) -> bool {
    word.trim_matches(['(', ')', ',']).parse::<f64>().is_ok()
}

#[test]
fn digests_and_sizes_differ_and_words_do_not() {
    let digest = format!("sha256:{}", "0".repeat(64));
    let shown = ["a:  sha256:... (1 layer, 2 KiB)", "...", "b ...", "end"];
    let shown = shown.map(str::to_owned);
    let fine = format!("a: {digest} (1 layer, 77.5 MiB)\nx\ny\nb c d\nend\n");
    assert_eq!(difference(&shown, &fine), None);
    for wrong in [
        fine.replace("1 layer", "2 layers"),
        fine.replace("end", "and"),
        fine.replace("b c", "c"),
        format!("{fine}more\n"),
        fine.replace("end\n", ""),
    ] {
        assert!(difference(&shown, &wrong).is_some(), "{wrong}");
    }
}
