//! Names of machines.

use crate::Error;

const LONGEST: usize = 63;

const ADJECTIVES: [&str; 48] = [
    "able", "amber", "apt", "arctic", "bold", "brave", "bright", "brisk", "calm", "clear",
    "clever", "cosmic", "crisp", "deft", "eager", "early", "fair", "fleet", "fond", "fresh",
    "gentle", "glad", "golden", "grand", "happy", "hardy", "honest", "humble", "keen", "kind",
    "lively", "loyal", "lucid", "merry", "mild", "neat", "noble", "patient", "plain", "proud",
    "quick", "quiet", "ready", "silent", "sober", "steady", "sunny", "warm",
];

const NOUNS: [&str; 48] = [
    "anchor", "barge", "bay", "beacon", "boat", "bow", "breeze", "bridge", "brig", "buoy", "canal",
    "cape", "captain", "cargo", "chart", "clipper", "coast", "compass", "crane", "crew", "current",
    "cutter", "deck", "dock", "ferry", "fleet", "gale", "galley", "gull", "harbour", "haven",
    "helm", "hull", "island", "jetty", "keel", "lagoon", "mast", "mole", "oar", "pier", "pilot",
    "quay", "reef", "rudder", "sail", "sloop", "tide",
];

/// Checks a name: letters, digits, `_`, `.` and `-`, the first a letter or digit.
///
/// # Errors
/// [`Error::MachineName`].
pub(super) fn check(name: &str) -> Result<(), Error> {
    if is_name(name) {
        return Ok(());
    }
    Err(Error::MachineName {
        name: name.to_owned(),
    })
}

/// Whether this can be the name of a machine or a checkpoint.
pub(crate) fn is_name(name: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    let starts = name
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_alphanumeric());
    starts && name.len() <= LONGEST && name.bytes().all(is_inner)
}

/// Chooses a name that is not taken.
pub(super) fn choose(taken: &[String]) -> String {
    let pick = |words: &[&'static str]| {
        let mut byte = [0_u8; 2];
        let _zero_will_do =
            rustix::rand::getrandom(&mut byte, rustix::rand::GetRandomFlags::empty());
        words[usize::from(u16::from_le_bytes(byte)) % words.len()]
    };
    for _ in 0..64 {
        let name = format!("{}_{}", pick(&ADJECTIVES), pick(&NOUNS));
        if !taken.contains(&name) {
            return name;
        }
    }
    format!("{}_{}", pick(&ADJECTIVES), lazaret_files::random_hex(6))
}
