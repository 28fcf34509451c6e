//! Templates of columns: the part of Go's `text/template` that users of container tools write after
//! `--format`.
//!
//! ```text
//! 'table {{.ID}}\t{{.Status}}'  --parse-->  nodes  --render with the JSON of each row-->  lines
//! ```
//! Fields are those of the JSON that the same command prints. A field is found by its name, in any
//! case and without underscores, so that `.ID`, `.ExitCode` and `.exit_code` all work. There are `if`,
//! `with`, `range`, pipes, texts, whole numbers and the functions of [`functions`]; there are no
//! variables and no further templates.

mod eval;
mod functions;
mod node;
mod parse;
mod show;
mod token;

use serde_json::Value;

use crate::table::table;
pub(crate) use node::Error;
use node::Node;

/// A template.
#[derive(Debug, PartialEq)]
pub(crate) struct Template {
    nodes: Vec<Node>,
    /// Whether the columns have headings and are aligned.
    is_table: bool,
}

impl Template {
    /// Understands a template.
    ///
    /// # Errors
    /// With the place where it stops to be one.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        // As written in a shell's quotes.
        let text = text.replace("\\t", "\t").replace("\\n", "\n");
        let (is_table, text) = match text.strip_prefix("table") {
            Some(rest) if rest.starts_with([' ', '\t']) => (true, rest.trim_start()),
            _ => (false, text.as_str()),
        };
        Ok(Self {
            nodes: parse::parse(text)?,
            is_table,
        })
    }

    /// The text of a result: a line for each row of a list, one for anything else.
    ///
    /// # Errors
    /// For a field that the result does not have, with those that it has, and for an argument that a
    /// function does not take.
    pub(crate) fn render(&self, result: &Value) -> Result<String, Error> {
        let rows = match result {
            Value::Array(rows) => rows.as_slice(),
            other => std::slice::from_ref(other),
        };
        let lines = rows.iter().map(|row| eval::render(&self.nodes, row));
        let lines = lines.collect::<Result<Vec<_>, _>>()?;
        if !self.is_table {
            return Ok(lines.iter().map(|line| format!("{line}\n")).collect());
        }
        let heading = eval::heading(&self.nodes);
        let cells = std::iter::once(&heading).chain(&lines);
        let cells = cells.map(|line| line.split('\t').map(str::to_owned).collect());
        Ok(table(&cells.collect::<Vec<_>>()))
    }
}

#[cfg(test)]
mod tests;
