use proptest::prelude::*;

use super::*;
use crate::image::fixtures::Program;

#[test]
fn a_dynamic_program_names_its_loader_libraries_and_folders() {
    let file = Program {
        interpreter: Some("/lib64/ld-linux-x86-64.so.2"),
        needed: &["libm.so.6", "libc.so.6"],
        runpath: Some("$ORIGIN/../lib:/opt/lib"),
        ..Program::default()
    }
    .build();
    let elf = Elf::parse(&file).unwrap();
    assert_eq!(elf.machine, "x86_64");
    assert_eq!(
        elf.interpreter.as_deref(),
        Some("/lib64/ld-linux-x86-64.so.2")
    );
    assert_eq!(elf.needed, ["libm.so.6", "libc.so.6"]);
    assert_eq!(elf.search, ["$ORIGIN/../lib", "/opt/lib"]);
    assert_eq!(
        elf.to_string(),
        "x86_64, loaded by /lib64/ld-linux-x86-64.so.2"
    );
}

#[test]
fn a_static_program_needs_nothing() {
    let elf = Elf::parse(&Program::default().build()).unwrap();
    assert_eq!((elf.interpreter, elf.needed), (None, vec![]));
}

/// The test itself is a program of this machine, and `readelf` of binutils agrees with what is read.
#[test]
fn this_very_program_is_read_as_readelf_reads_it() {
    let path = std::env::current_exe().unwrap();
    let elf = Elf::parse(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(elf.machine, std::env::consts::ARCH);
    let Ok(said) = std::process::Command::new("readelf")
        .arg("-dW")
        .arg(&path)
        .output()
    else {
        return;
    };
    let said = String::from_utf8(said.stdout).unwrap();
    let theirs = said.lines().filter(|line| line.contains("(NEEDED)"));
    let theirs: Vec<&str> = theirs
        .filter_map(|line| {
            line.split_once('[')?
                .1
                .split_once(']')
                .map(|(name, _)| name)
        })
        .collect();
    assert_eq!(elf.needed, theirs);
}

#[test]
fn what_is_no_program_is_refused() {
    assert_eq!(Elf::parse(b"#!/bin/sh\n"), Err(ElfFault::NoElf));
    assert_eq!(Elf::parse(b""), Err(ElfFault::NoElf));
    assert_eq!(Elf::parse(b"\x7fELF"), Err(ElfFault::Damaged("header")));
    let mut file = Program::default().build();
    file[4] = 1;
    assert_eq!(Elf::parse(&file), Err(ElfFault::OtherKind));
}

#[test]
fn what_points_outside_of_the_file_is_refused() {
    let whole = Program {
        interpreter: Some("/lib/ld.so"),
        needed: &["libc.so.6"],
        ..Program::default()
    }
    .build();
    for at in 64..whole.len() {
        // Never a panic, and never a name that is not there.
        if let Ok(elf) = Elf::parse(&whole[..at]) {
            assert!(elf.needed.iter().all(|name| name == "libc.so.6"), "{at}");
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(at in 0_usize..400, value: u8, more: u8) {
        let mut file = Program {
            interpreter: Some("/lib/ld.so"),
            needed: &["libc.so.6"],
            runpath: Some("/opt"),
            ..Program::default()
        }
        .build();
        let length = file.len();
        file[at % length] = value;
        file[(at * 7 + 3) % length] = more;
        let _any = Elf::parse(&file);
    }
}
