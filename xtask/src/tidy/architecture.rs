//! Reads ARCHITECTURE.md: the crate table and the lists of names in its invariants.

/// The path of the file.
pub(crate) const PATH: &str = "ARCHITECTURE.md";

/// One row of the crate table.
pub(crate) struct Row {
    /// Name of the crate, without the prefix `lazaret-`.
    pub(crate) name: String,
    /// Names of the crates that it may use.
    pub(crate) uses: Vec<String>,
    /// Line of the row, from 1.
    pub(crate) line: usize,
}

/// Reads the rows of the table whose columns are `crate`, anything, `uses`.
pub(crate) fn crate_table(text: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut columns = None;
    for (index, line) in text.lines().enumerate() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        if cells.len() < 3 {
            columns = None;
            continue;
        }
        let Some((name_at, uses_at)) = columns else {
            let find = |title| cells.iter().position(|cell| *cell == title);
            columns = find("crate").zip(find("uses"));
            continue;
        };
        let name = cells
            .get(name_at)
            .map(|cell| bare(cell))
            .unwrap_or_default();
        if name.is_empty() || name.starts_with("--") {
            continue;
        }
        rows.push(Row {
            name,
            uses: cells
                .get(uses_at)
                .map(|cell| words(cell))
                .unwrap_or_default(),
            line: index + 1,
        });
    }
    rows
}

/// Reads the names between backticks in `TITLE (...)`, as in "The pure crates (`oci artifacts`)";
/// returns them with their line.
pub(crate) fn listed(text: &str, title: &str) -> Option<(Vec<String>, usize)> {
    let start = format!("{title} (`");
    let at = text.find(&start)?;
    let names = text[at + start.len()..].split('`').next()?;
    let line = text[..at].lines().count().max(1);
    Some((words(names), line))
}

fn words(cell: &str) -> Vec<String> {
    cell.split([' ', ',', '\n'])
        .map(bare)
        .filter(|word| !word.is_empty() && word != "-")
        .collect()
}

fn bare(word: &str) -> String {
    word.trim_matches('`').trim_end_matches('/').to_owned()
}
