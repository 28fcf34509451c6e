//! Checks that the crate table of ARCHITECTURE.md is exact: every crate has a row, and the row
//! names the crates of this workspace that the crate uses outside its tests, no more and no fewer.

use super::architecture::{PATH, Row, listed};
use super::fault::{Check, Fault};
use super::repository::Member;

/// Compares the table with the manifests of the crates.
pub(crate) fn check(rows: &[Row], members: &[Member]) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut fault = |line, subject: &str, text| {
        faults.push(Fault::new(Check::CrateTable, PATH, line, text).about(subject));
    };
    for member in members {
        let name = &member.name;
        let Some(row) = rows.iter().find(|row| row.name == *name) else {
            fault(
                0,
                name,
                format!("the crate table has no row for {name}: add one"),
            );
            continue;
        };
        for used in &member.uses {
            if !row.uses.contains(used) {
                let manifest = format!("{}/Cargo.toml", member.folder);
                let text = format!(
                    "{manifest} uses {used}, which the row of {name} does not permit: \
                     remove the dependency, or name it in the row if the arrow is right"
                );
                fault(row.line, name, text);
            }
        }
        for used in &row.uses {
            if !members.iter().any(|member| member.name == *used) {
                fault(
                    row.line,
                    name,
                    format!("the row of {name} uses {used}, which is no crate"),
                );
            } else if !member.uses.contains(used) {
                let text = format!("{name} does not use {used}: take it out of the row");
                fault(row.line, name, text);
            }
        }
    }
    for (index, row) in rows.iter().enumerate() {
        if !members.iter().any(|member| member.name == row.name) {
            let text = format!("the row {} is for no crate: remove it", row.name);
            fault(row.line, &row.name, text);
        }
        if rows[..index].iter().any(|earlier| earlier.name == row.name) {
            fault(
                row.line,
                &row.name,
                format!("{} has two rows: keep one", row.name),
            );
        }
    }
    faults
}

/// Checks that no engine uses another one; the invariants name the engines.
pub(crate) fn check_engines(architecture: &str, members: &[Member]) -> Vec<Fault> {
    let Some((engines, line)) = listed(architecture, "engines") else {
        let text = "the invariants do not list the engines, as in \"engines (`client vm`)\"";
        return vec![Fault::new(Check::CrateTable, PATH, 0, text)];
    };
    let mut faults = Vec::new();
    for engine in &engines {
        let Some(member) = members.iter().find(|member| member.name == *engine) else {
            let text = format!("the engine {engine} is no crate");
            faults.push(Fault::new(Check::CrateTable, PATH, line, text).about(engine));
            continue;
        };
        for used in engines.iter().filter(|other| member.uses.contains(*other)) {
            let path = format!("{}/Cargo.toml", member.folder);
            let text = format!(
                "the engine {engine} uses the engine {used}: join them in a crate above, by a port"
            );
            faults.push(Fault::new(Check::CrateTable, &path, 0, text).about(engine));
        }
    }
    faults
}
