//! The table of Docker's flags in the guide is complete and true.

use std::collections::BTreeMap;
use std::path::Path;

use crate::support::{World, tool};

/// A row of the table.
struct Row {
    long: String,
    short: Option<String>,
    is_there: bool,
}

/// The rows below each heading of the page.
fn table() -> BTreeMap<String, Vec<Row>> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide/docker.md");
    let page = std::fs::read_to_string(page).unwrap();
    let mut sections: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    let mut heading = "";
    for line in page.lines() {
        if let Some(text) = line.strip_prefix("## ") {
            heading = text;
        }
        let Some(row) = line.strip_prefix("| `--") else {
            continue;
        };
        let cells: Vec<&str> = row.split(" | ").collect();
        let mut names = cells[0]
            .split('`')
            .filter(|name| !name.is_empty() && *name != ", ");
        let row = Row {
            long: names.next().unwrap().to_owned(),
            short: names.next().map(str::to_owned),
            is_there: match cells[1] {
                "yes" => true,
                "no" => false,
                other => panic!("'{other}' in {line}"),
            },
        };
        sections.entry(heading.to_owned()).or_default().push(row);
    }
    sections
}

/// The flags of a help text, each with its letter if it has one.
fn flags_of(help: &str) -> BTreeMap<String, Option<String>> {
    let flag = |line: &str| {
        let (letter, rest) = line.trim_start().split_once("--")?;
        let letter = letter.trim_end_matches([' ', ',']);
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-');
        let is_flag = letter.is_empty() || (letter.len() == 2 && letter.starts_with('-'));
        let long = rest[..end.unwrap_or(rest.len())].to_owned();
        is_flag.then(|| {
            (
                long,
                Some(letter.to_owned()).filter(|letter| !letter.is_empty()),
            )
        })
    };
    help.lines().filter_map(flag).collect()
}

#[test]
fn every_flag_of_docker_is_there_or_refused_as_the_guide_says() {
    let world = World::new();
    let lazaret = world.lazaret();
    let table = table();
    let commands = [
        ("run", "run and create"),
        ("create", "run and create"),
        ("exec", "exec"),
        ("ps", "ps"),
        ("logs", "logs"),
        ("cp", "cp"),
    ];
    for (command, heading) in commands {
        let rows = &table[heading];
        let ours = flags_of(&lazaret.run([command, "--help"]).success().stdout);
        let docker = flags_of(&tool("docker", &[command, "--help"]));
        assert!(docker.len() > 2, "{docker:?}");
        for flag in docker.keys() {
            let is_known = rows.iter().any(|row| row.long == *flag);
            assert!(is_known, "the table of {command} has no --{flag}");
        }
        for row in rows {
            let long = format!("--{}", row.long);
            if row.is_there {
                // `create` leaves nothing running.
                let is_of_run = command == "create" && row.long.starts_with("detach");
                let letter = ours.get(&row.long).or(if row.long == "memory" {
                    ours.get("mem")
                } else {
                    None
                });
                assert!(letter.is_some() || is_of_run, "{command} has no {long}");
                if let (Some(short), Some(letter)) = (&row.short, letter) {
                    assert_eq!(letter.as_ref(), Some(short), "{command} {long}");
                }
                continue;
            }
            assert!(!ours.contains_key(&row.long), "{command} has {long}");
            for name in [Some(long), row.short.clone()].into_iter().flatten() {
                let words = [command, &name, "value", "other"];
                let output = lazaret.run(words);
                output.fails(2, &["unexpected argument", &name]);
            }
        }
    }
}
