//! The help of the whole program: its commands in groups of tasks, on one screen.

use std::fmt::Write as _;

use clap::Command;

/// The groups, in the order of a newcomer's first hour.
const GROUPS: [(&str, &[&str]); 5] = [
    (
        "Run",
        &["run", "setup", "image", "kernel", "catalogue", "system"],
    ),
    (
        MACHINES,
        &[
            "create",
            "start",
            "ps",
            "exec",
            "cp",
            "attach",
            "logs",
            "stop",
            "kill",
            "restart",
            "rm",
            "wait",
            "inspect",
            "rename",
            "pause",
            "unpause",
            "fork",
            "events",
            "stats",
            "top",
            "diff",
            "commit",
            "prune",
            "volume",
            "checkpoint",
        ],
    ),
    (
        SHARE,
        &[
            "push",
            "pull",
            "validate",
            "types",
            "artifacts",
            "machine",
            "control-plane",
        ],
    ),
    (
        "Convert and host",
        &["rootfs", "pack", "serve", "registry", "mirror", "daemon"],
    ),
    (
        ACCESS,
        &[
            "policy",
            "approve",
            "connect",
            "disconnect",
            "audit",
            "login",
            "logout",
            "auth",
        ],
    ),
];

/// The group whose commands people know from container tools: their names are enough.
const MACHINES: &str = "Machines, as containers are used";
/// The group of what machines may reach, of what registries and services are used with, and of what shows that.
const ACCESS: &str = "Access";
/// The group of what moves, and of what a document names.
const SHARE: &str = "Share, also by names (port.toml)";
/// Columns of their lines.
const WIDTH: usize = 78;

/// Shows the commands in groups instead of in one list.
pub(crate) fn grouped(grammar: Command) -> Command {
    let grammar = grammar.mut_subcommand("pack", |pack| pack.mut_subcommand("run", of_packs));
    let mut text = String::from("{about-with-newline}\n{usage-heading} {usage}\n");
    for (heading, names) in GROUPS {
        let _ = write!(text, "\n{heading}:\n");
        if [MACHINES, SHARE, ACCESS].contains(&heading) {
            text += &in_lines(names, &grammar);
            continue;
        }
        for command in names
            .iter()
            .filter_map(|name| grammar.find_subcommand(name))
        {
            let about = command.get_about().map(ToString::to_string);
            let about = about.unwrap_or_default();
            let _ = writeln!(text, "  {:<10} {about}", command.get_name());
        }
    }
    text += "\n{options}{after-help}";
    let hint = "`lazaret COMMAND --help` tells more; `lazaret completions SHELL` helps to type.";
    grammar.help_template(text).after_help(hint)
}

/// What `run` takes, in the words of packs: flags that say what a pack has settled are not shown.
fn of_packs(run: Command) -> Command {
    let settled = ["kernel", "from", "verity", "fs", "pull"];
    let run = run.mut_arg("reference", |file| file.value_name("FILE").help("The pack"));
    let run = run.mut_arg("args", |args| {
        args.help(
            "Arguments of the workload, instead of those of the pack; `--` may stand before them",
        )
    });
    settled
        .into_iter()
        .fold(run, |run, name| run.mut_arg(name, |flag| flag.hide(true)))
}

/// The names of the commands that exist, several on a line.
fn in_lines(names: &[&str], grammar: &Command) -> String {
    let mut lines = vec![String::from(" ")];
    for name in names
        .iter()
        .filter(|name| grammar.find_subcommand(name).is_some())
    {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + name.len() <= WIDTH => *line += &format!(" {name}"),
            _ => lines.push(format!("  {name}")),
        }
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests;
