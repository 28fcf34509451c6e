//! Developer commands: `cargo xtask tidy | tree | deny | bench`.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod bench;
mod deny;
mod metadata;
mod tidy;
mod tree;

use std::process::ExitCode;

fn main() -> ExitCode {
    let command = std::env::args().nth(1).unwrap_or_default();
    let outcome = match command.as_str() {
        "tidy" => tidy::run(),
        "tree" => tree::run(),
        "bench" => bench::run(),
        "deny" => deny::run(),
        _ => Err(vec![
            "usage: cargo xtask tidy | tree | deny | bench".to_owned(),
        ]),
    };
    match outcome {
        Ok(summary) => {
            println!("{command}: {summary}");
            ExitCode::SUCCESS
        }
        Err(faults) => {
            for fault in &faults {
                eprintln!("{command}: {fault}");
            }
            ExitCode::FAILURE
        }
    }
}
