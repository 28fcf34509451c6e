//! Shows what was changed in a text.

#[cfg(test)]
mod tests;

/// Unchanged lines around a change.
const CONTEXT: usize = 3;

/// The change of a text file as one hunk of the unified format of `diff -u`; of an unchanged one nothing.
pub(crate) fn changed_text(name: &str, before: &str, after: &str) -> String {
    if before == after {
        return String::new();
    }
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let same = |(a, b): &(&&str, &&str)| a == b;
    let head = old.iter().zip(&new).take_while(same).count();
    let (old_rest, new_rest) = (&old[head..], &new[head..]);
    let pairs = old_rest.iter().rev().zip(new_rest.iter().rev());
    let tail = pairs.take_while(same).count();
    let (gone, come) = (
        &old_rest[..old_rest.len() - tail],
        &new_rest[..new_rest.len() - tail],
    );
    let first = head.saturating_sub(CONTEXT);
    let leading = &old[first..head];
    let trailing = &old_rest[gone.len()..][..tail.min(CONTEXT)];
    let around = leading.len() + trailing.len();
    let range = |changed: usize| {
        let length = changed + around;
        // An empty range is told by the line before it.
        format!("{},{length}", if length == 0 { first } else { first + 1 })
    };
    let mut text = format!(
        "--- {name}\n+++ {name}\n@@ -{} +{} @@\n",
        range(gone.len()),
        range(come.len())
    );
    for (mark, lines) in [(' ', leading), ('-', gone), ('+', come), (' ', trailing)] {
        for line in lines {
            text.push(mark);
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}
