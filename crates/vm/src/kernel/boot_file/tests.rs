use super::*;
use crate::kernel::tests::fixtures;

const ROOM: u64 = 1 << 20;

/// A vmlinux of a processor.
fn vmlinux(machine: u16, note: &[u8; 4]) -> Vec<u8> {
    let mut elf = fixtures::vmlinux(note);
    elf[18..20].copy_from_slice(&machine.to_le_bytes());
    elf
}

#[test]
fn an_unpacked_kernel_is_taken_with_and_without_the_entry_for_qemu() {
    let with = BootFile::recognise(vmlinux(62, b"Xen\0"), ROOM, Entry::Any).unwrap();
    assert_eq!(
        (with.architecture, with.form),
        ("x86_64", BootForm::Vmlinux { pvh: true })
    );
    assert_eq!(with.release.as_deref(), Some("6.9.1-elf"));
    let without = BootFile::recognise(vmlinux(183, b"No\0\0"), ROOM, Entry::Any).unwrap();
    assert_eq!(
        (without.architecture, without.form),
        ("aarch64", BootForm::Vmlinux { pvh: false })
    );
}

#[test]
fn a_flat_kernel_is_one_for_arm() {
    let mut image = vec![0; 128];
    image[56..60].copy_from_slice(ARM_MAGIC);
    let image = BootFile::recognise(image, ROOM, Entry::Any).unwrap();
    assert_eq!(
        (image.architecture, image.form),
        ("aarch64", BootForm::Image)
    );
}

#[test]
fn a_packed_kernel_is_unpacked_where_it_can_be() {
    use std::io::Write as _;
    let elf = vmlinux(62, b"No\0\0");
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&elf).unwrap();
    let image = fixtures::bzimage("6.9.1-elf", &packed.finish().unwrap());
    let unpacked = BootFile::recognise(image.clone(), ROOM, Entry::Any).unwrap();
    assert_eq!(unpacked.form, BootForm::Vmlinux { pvh: false });
    assert_eq!(unpacked.content, elf);
    let stays = BootFile::recognise(image.clone(), ROOM, Entry::Pvh).unwrap();
    assert_eq!((stays.form, stays.content), (BootForm::BzImage, image));

    let image = fixtures::bzimage("6.1.0-odd", b"nothing that can be unpacked");
    let packed = BootFile::recognise(image.clone(), ROOM, Entry::Any).unwrap();
    assert_eq!(packed.form, BootForm::BzImage);
    assert_eq!(
        (packed.release.as_deref(), packed.content),
        (Some("6.1.0-odd"), image)
    );
}

#[test]
fn what_is_no_kernel_says_why() {
    let refused =
        |content: &[u8]| BootFile::recognise(content.to_vec(), ROOM, Entry::Any).unwrap_err();
    assert_eq!(refused(b""), "it is empty");
    assert_eq!(refused(b"#!/bin/sh\n"), "there is no x86 boot header");
    assert_eq!(
        refused(b"\x7fELF\x01\x01"),
        "it is no 64-bit little-endian ELF file"
    );
    assert_eq!(
        refused(&vmlinux(40, b"Xen\0")),
        "it is an ELF file for another processor"
    );
    let mut program = vmlinux(62, b"Xen\0");
    let length = program.len();
    program[length - 40..].fill(0);
    assert_eq!(refused(&program), "it is an ELF file, but no Linux kernel");
}

/// The program of this very test is an ELF file, and no kernel.
#[test]
fn a_program_is_no_kernel() {
    let path = std::env::current_exe().unwrap();
    let error = BootFile::read(&path, Entry::Any).unwrap_err();
    assert!(
        matches!(error, Error::Malformed { .. } | Error::Unpack { .. }),
        "{error}"
    );
}
