//! The help of the whole program: its commands in groups of tasks, on one screen.

use std::fmt::Write as _;

use clap::Command;

/// The groups, in the order of a newcomer's first hour.
const GROUPS: [(&str, &[&str]); 4] = [
    (
        "Run",
        &[
            "run",
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
            "events",
            "stats",
            "prune",
            "volume",
            "image",
            "kernel",
            "catalogue",
            "system",
        ],
    ),
    (
        "Share",
        &[
            "push", "pull", "validate", "types", "login", "logout", "auth",
        ],
    ),
    ("Convert", &["rootfs"]),
    ("Host", &["serve", "registry"]),
];

/// Shows the commands in groups instead of in one list.
pub(crate) fn grouped(grammar: Command) -> Command {
    let mut text = String::from("{about-with-newline}\n{usage-heading} {usage}\n");
    for (heading, names) in GROUPS {
        let _ = write!(text, "\n{heading}:\n");
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

#[cfg(test)]
mod tests;
