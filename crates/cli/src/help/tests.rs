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
        if command.is_hide_set() {
            continue;
        }
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
