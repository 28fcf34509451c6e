//! Every flag and every setting is used by a test: one that nobody types has no effect that anybody
//! has seen.

use std::collections::BTreeSet;
use std::path::Path;

use crate::support::World;

/// Flags of every command; their tests type them anywhere.
const EVERYWHERE: [&str; 2] = ["help", "version"];

/// Reads the sources of all tests.
fn sources() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut text = String::new();
    let mut pending = vec![root.join("tests"), root.join("crates")];
    while let Some(folder) = pending.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.to_str().unwrap();
            let is_test = name.contains("/tests") && !name.ends_with("tests/effects.rs");
            if path.is_dir() {
                pending.push(path);
            } else if is_test && name.ends_with(".rs") {
                text += &std::fs::read_to_string(&path).unwrap();
            }
        }
    }
    text
}

/// The long flags and the commands that a help text lists.
fn listed(help: &str) -> (Vec<String>, Vec<String>) {
    let flag = |line: &str| {
        let (_, rest) = line.split_once("--")?;
        let is_option = line.trim_start().starts_with('-');
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-');
        is_option.then(|| rest[..end.unwrap_or(rest.len())].to_owned())
    };
    let flags = help.lines().filter_map(flag).collect();
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let commands = commands.take_while(|line| !line.is_empty());
    let commands = commands.filter_map(|line| {
        let name = line.strip_prefix("  ")?.split(' ').next()?;
        (!name.is_empty() && name != "help").then(|| name.to_owned())
    });
    (flags, commands.collect())
}

#[test]
fn every_flag_is_typed_by_a_test() {
    let world = World::new();
    let lazaret = world.lazaret();
    let sources = sources();
    let typed = |flag: &str| {
        let long = format!("--{flag}");
        let mut rest = &sources[..];
        while let Some(at) = rest.find(&long) {
            rest = &rest[at + long.len()..];
            if !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-') {
                return true;
            }
        }
        false
    };
    let mut missing = BTreeSet::new();
    let top = "run create start ps exec cp diff commit top attach logs stop kill restart rm wait inspect rename \
               pause unpause fork checkpoint events stats prune volume push pull validate types policy image rootfs kernel catalogue setup system daemon registry login \
               logout auth connect disconnect audit approve completions serve artifacts machine control-plane";
    let mut pending: Vec<Vec<String>> = top
        .split_whitespace()
        .map(|name| vec![name.to_owned()])
        .collect();
    let mut seen = 0;
    while let Some(command) = pending.pop() {
        let help = if command == ["serve"] {
            "--help-all"
        } else {
            "--help"
        };
        let text = lazaret.run(command.iter().map(String::as_str).chain([help]));
        let (flags, commands) = listed(&text.success().stdout);
        for name in commands {
            pending.push([&command[..], &[name]].concat());
        }
        for flag in flags {
            seen += 1;
            // A setting is as well set in a file, by its key.
            let key = flag.replace('-', "_");
            let last = key.rsplit('_').next().unwrap_or(&key).to_owned();
            let is_set = command == ["serve"]
                && (sources.contains(&format!("{key} ="))
                    || sources.contains(&format!("{last} =")));
            if !EVERYWHERE.contains(&flag.as_str()) && !typed(&flag) && !is_set {
                missing.insert(format!("{} --{flag}", command.join(" ")));
            }
        }
    }
    assert!(
        seen > 150,
        "the help texts were not understood: {seen} flags"
    );
    assert!(missing.is_empty(), "no test types {missing:#?}");
}
