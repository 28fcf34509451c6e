//! What a program says that it needs: never a panic, and never a name without a text.

#![no_main]

use lazaret_appliance::Elf;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| {
    if let Ok(elf) = Elf::parse(file) {
        assert!(elf.needed.iter().all(|name| !name.is_empty()));
        assert!(elf.search.iter().all(|folder| !folder.is_empty()));
    }
});
