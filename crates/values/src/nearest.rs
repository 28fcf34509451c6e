//! The known name that an unknown name was probably meant to be.

/// The name in `known` that differs from `name` by at most one letter, and by one more for every
/// five letters: inserted, removed, replaced or swapped with the next.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|candidate| (strsim::osa_distance(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 5)
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests;
