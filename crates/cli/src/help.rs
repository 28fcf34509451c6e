//! The help of the whole program: its commands in groups of tasks, on one screen.

use std::fmt::Write as _;

use clap::Command;

/// The groups, in the order of a newcomer's first hour.
const GROUPS: [(&str, &[&str]); 4] = [
    ("Run", &["run", "image", "kernel", "catalogue", "system"]),
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
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn every_command_is_in_one_group_and_all_fit_one_screen() {
        let grouped_names: Vec<&str> = GROUPS
            .iter()
            .flat_map(|(_, names)| *names)
            .copied()
            .collect();
        for command in crate::Cli::command().get_subcommands() {
            let name = command.get_name();
            let times = grouped_names
                .iter()
                .filter(|grouped| **grouped == name)
                .count();
            assert_eq!(times, usize::from(name != "completions"), "{name}");
        }
        let text = grouped(crate::Cli::command()).render_help().to_string();
        assert!(text.lines().count() <= 40, "{text}");
        assert!(
            text.lines().all(|line| line.chars().count() <= 100),
            "{text}"
        );
    }
}
