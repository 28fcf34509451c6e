//! Merges the environment of the workload.

/// The `PATH` that container tools set when the image does not.
const PATH: &str = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Merges lists of `NAME=value`: later sources override earlier ones; a name keeps its first
/// position.
pub(super) fn merge(
    image: &[String],
    agent: &[(String, String)],
    flags: &[(String, String)],
) -> Vec<String> {
    let mut merged: Vec<String> = Vec::new();
    let mut set = |pair: String| {
        let name = pair.split('=').next().unwrap_or_default();
        match merged.iter_mut().find(|have| is_named(have, name)) {
            Some(have) => *have = pair,
            None => merged.push(pair),
        }
    };
    // A malformed image may list names without values.
    image
        .iter()
        .filter(|pair| pair.contains('='))
        .for_each(|pair| set(pair.clone()));
    for (name, value) in agent.iter().chain(flags) {
        set(format!("{name}={value}"));
    }
    if !merged.iter().any(|pair| is_named(pair, "PATH")) {
        merged.push(PATH.to_owned());
    }
    merged
}

fn is_named(pair: &str, name: &str) -> bool {
    pair.strip_prefix(name)
        .is_some_and(|rest| rest.starts_with('='))
}
