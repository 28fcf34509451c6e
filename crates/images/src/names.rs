//! Names of the images in a layout or archive, and what a user may call them.

/// The items that `name` stands for: those with exactly that name, else those whose name ends with
/// it as a tag (`:v1`), else those whose name without its tag it is.
pub(crate) fn matching<'a, T, N>(
    items: &'a [T],
    names: impl Fn(&'a T) -> N,
    name: &str,
) -> Vec<&'a T>
where
    N: IntoIterator<Item = &'a str>,
{
    let tag = format!(":{name}");
    let repository = format!("{name}:");
    let of = |is_meant: &dyn Fn(&str) -> bool| -> Vec<&'a T> {
        let has_it = |item: &&'a T| names(item).into_iter().any(is_meant);
        items.iter().filter(has_it).collect()
    };
    let rules: [&dyn Fn(&str) -> bool; 3] = [
        &|have| have == name,
        &|have| have.ends_with(&tag),
        &|have| {
            have.strip_prefix(&repository)
                .is_some_and(|tag| !tag.contains('/'))
        },
    ];
    let found = rules.iter().map(|rule| of(rule));
    found
        .into_iter()
        .find(|found| !found.is_empty())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
