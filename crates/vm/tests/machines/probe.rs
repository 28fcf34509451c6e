//! The program that machines of these tests run: a static one, compiled when first needed.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Prints what the guest sees of its disks and clocks; `touch PATH` makes a file; without
/// arguments it ends at once.
const SOURCE: &str = r#"
use std::{fs, time::{Duration, Instant}};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["disks"] => {
            let mut lines = Vec::new();
            for disk in fs::read_dir("/sys/block").unwrap() {
                let path = disk.unwrap().path();
                let read = |name: &str| fs::read_to_string(path.join(name)).unwrap_or_default().trim().to_owned();
                let serial = read("serial");
                if !serial.is_empty() {
                    lines.push(format!("{serial} size={} ro={}", read("size"), read("ro")));
                }
            }
            lines.sort();
            println!("{}", lines.join("\n"));
        }
        ["clocks"] => {
            let begin = Instant::now();
            std::thread::sleep(Duration::from_millis(50));
            println!("{}", begin.elapsed().as_millis());
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
            println!("{}", now.as_secs());
            println!("{}", fs::read_to_string("/sys/devices/system/clocksource/clocksource0/current_clocksource").unwrap().trim());
        }
        ["touch", path] => { fs::write(path, "x").unwrap(); println!("made"); }
        ["exists", path] => println!("{}", std::path::Path::new(path).exists()),
        _ => {}
    }
}
"#;

/// Compiles the program in `folder`.
pub(crate) fn compile(folder: &Path) -> PathBuf {
    let (source, program) = (folder.join("probe.rs"), folder.join("probe"));
    std::fs::write(&source, SOURCE).unwrap();
    let status = Command::new("rustc")
        .args([
            "--edition",
            "2024",
            "-O",
            "-C",
            "target-feature=+crt-static",
        ])
        .args(["-C", "relocation-model=static", "-C", "strip=symbols"])
        .args(["-C", "panic=abort"])
        .arg("-o")
        .args([&program, &source])
        .status();
    assert!(status.unwrap().success());
    program
}
