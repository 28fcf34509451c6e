use std::io;

use proptest::prelude::*;

use super::fixtures;
use crate::kernel::{
    ar::Archive,
    bzimage::BzImage,
    compression::read_bounded,
    image::Image,
    modinfo::{ModuleInfo, normalize},
    vmlinux,
};

fn members(bytes: &[u8]) -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut found = Vec::new();
    Archive::new(bytes).each(|member, content| {
        let mut text = Vec::new();
        content.read_to_end(&mut text)?;
        found.push((member.name.clone(), text));
        Ok::<_, io::Error>(())
    })?;
    Ok(found)
}

#[test]
fn archives_give_their_members_in_order() {
    let archive = fixtures::ar(&[("odd", b"abc"), ("slash/", b"de"), ("empty", b"")]);
    let expected = [("odd", "abc"), ("slash", "de"), ("empty", "")]
        .map(|(name, text)| (name.into(), text.into()));
    assert_eq!(members(&archive).unwrap(), expected);
    // The padding of the last member may be missing.
    let archive = fixtures::ar(&[("odd", b"abc")]);
    assert_eq!(members(&archive[..archive.len() - 1]).unwrap().len(), 1);
}

#[test]
fn damaged_archives_are_errors() {
    let archive = fixtures::ar(&[("one", b"content"), ("two", b"more")]);
    let check = |bytes: &[u8], expected: io::ErrorKind| {
        assert_eq!(members(bytes).unwrap_err().kind(), expected, "{bytes:?}");
    };
    check(b"", io::ErrorKind::InvalidData);
    check(b"!<arch>", io::ErrorKind::InvalidData);
    check(&archive[..30], io::ErrorKind::InvalidData);
    check(&archive[..70], io::ErrorKind::UnexpectedEof);
    let mut signed = archive;
    signed[8 + 48..8 + 50].copy_from_slice(b"+7");
    check(&signed, io::ErrorKind::InvalidData);
}

#[test]
fn modules_name_what_they_depend_on() {
    let module = fixtures::module(
        "license=GPL\ndepends=virtio-ring,,crc_t10dif\nsoftdep=pre: crypto-crc32c b post: c\nname=x",
    );
    let info = ModuleInfo::of_module(&module).unwrap();
    assert_eq!(info.depends, ["virtio_ring", "crc_t10dif"]);
    assert_eq!(info.soft, ["crypto_crc32c", "b"]);
    let info = ModuleInfo::of_module(&fixtures::module("depends=")).unwrap();
    assert_eq!(info, ModuleInfo::default());
    assert_eq!(normalize("virtio-rng"), "virtio_rng");
}

#[test]
fn files_that_are_no_modules_are_refused() {
    let check = |bytes: &[u8], expected: &str| {
        let error = ModuleInfo::of_module(bytes).unwrap_err();
        assert!(error.contains(expected), "{error}");
    };
    check(b"", "no 64-bit");
    check(b"\x7fELF\x01\x01", "no 64-bit");
    check(&fixtures::elf_with_section(".text", b"x"), "no .modinfo");
    let module = fixtures::module("depends=a");
    check(&module[..module.len() - 1], "ends before");
}

#[test]
fn names_of_sections_are_looked_at_no_longer_than_they_matter() {
    // 60,000 sections, all of which have one name of 1 MiB.
    let mut module = fixtures::elf_with_section(&"x".repeat(1 << 20), b"");
    let table = u64::from_le_bytes(module[0x28..0x30].try_into().unwrap());
    let first = usize::try_from(table).unwrap() + 64;
    let section = module[first..first + 64].to_vec();
    module.extend(section.repeat(60_000));
    module[0x3c..0x3e].copy_from_slice(&60_000_u16.to_le_bytes());
    let started = std::time::Instant::now();
    assert!(ModuleInfo::of_module(&module).is_err());
    assert!(started.elapsed().as_secs() < 5, "it is linear");
}

#[test]
fn boot_images_name_their_release_and_payload() {
    let image = fixtures::bzimage("6.1.0-56-cloud-amd64", b"packed");
    let parsed = BzImage::parse(&image).unwrap();
    assert_eq!(parsed.release, "6.1.0-56-cloud-amd64");
    assert_eq!(parsed.payload, Some(b"packed".as_slice()));
    assert_eq!(
        BzImage::parse(&image[..image.len() - 1]).unwrap().payload,
        None
    );
    assert!(BzImage::parse(&image[..0x300]).is_err());
    assert!(BzImage::parse(b"MZ").is_err());
    let hostile = fixtures::bzimage("../../etc", b"");
    assert!(BzImage::parse(&hostile).unwrap_err().contains("release"));
}

#[test]
fn kernels_are_unpacked_when_they_can_boot_that_way() {
    let kernel = fixtures::vmlinux(b"Xen\0");
    let size = u32::try_from(kernel.len()).unwrap().to_le_bytes();
    let sized = |packed: Vec<u8>| [packed.as_slice(), &size].concat();
    for (name, payload) in [
        ("lz4", fixtures::lz4_payload(&kernel)),
        ("gzip", fixtures::gzip(&kernel)),
        ("xz", sized(fixtures::xz(&kernel))),
        ("zstd", sized(fixtures::zstd(&kernel))),
    ] {
        let image = fixtures::bzimage("6.1.0", &payload);
        assert!(
            Image::parse(&image, u64::MAX).unwrap().unpacked.as_ref() == Some(&kernel),
            "{name}"
        );
    }
    let other = fixtures::lz4_payload(&fixtures::vmlinux(b"GNU\0"));
    assert!(vmlinux::extract(&other, u64::MAX).is_none(), "no PVH entry");
    let mut wrong_size = fixtures::lz4_payload(&kernel);
    *wrong_size.last_mut().unwrap() = 0x7f;
    assert!(vmlinux::extract(&wrong_size, u64::MAX).is_none());
}

#[test]
fn kernels_larger_than_one_block_are_unpacked() {
    let mut kernel = fixtures::vmlinux(b"Xen\0");
    kernel.resize(17 * 1024 * 1024, 7);
    assert!(vmlinux::extract(&fixtures::lz4_payload(&kernel), u64::MAX) == Some(kernel));
}

#[test]
fn an_elf_kernel_boots_as_it_is() {
    assert_eq!(
        Image::parse(&fixtures::vmlinux(b"Xen\0"), u64::MAX)
            .unwrap()
            .release,
        "6.9.1-elf"
    );
    let error = Image::parse(&fixtures::vmlinux(b"GNU\0"), u64::MAX)
        .err()
        .unwrap();
    assert!(error.contains("no PVH entry"), "{error}");
}

#[test]
fn decompression_is_bounded() {
    let zeros = vec![0; 1_000_000];
    for packed in [
        fixtures::gzip(&zeros),
        fixtures::xz(&zeros),
        fixtures::zstd(&zeros),
        zeros,
    ] {
        assert_eq!(
            read_bounded(packed.as_slice(), 1_000_000).unwrap().len(),
            1_000_000
        );
        let error = read_bounded(packed.as_slice(), 999_999).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }
    assert!(read_bounded(&fixtures::xz(b"cut short")[..20], 1000).is_err());
}

/// Valid bytes with a few of them overwritten, which reach deeper code than noise does.
fn damaged(valid: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let length = valid.len();
    let changes = proptest::collection::vec((0..length, any::<u8>()), 0..12);
    (changes, 0..=length).prop_map(move |(changes, end)| {
        let mut bytes = valid.clone();
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        bytes.truncate(end.max(length / 2));
        bytes
    })
}

proptest! {
    #[test]
    fn noise_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..2048)) {
        let _members = members(&bytes);
        let _members = members(&[b"!<arch>\n", bytes.as_slice()].concat());
        let _info = ModuleInfo::of_module(&bytes);
        let _info = ModuleInfo::of_module(&[b"\x7fELF\x02\x01", bytes.as_slice()].concat());
        let _image = Image::parse(&bytes, u64::MAX);
        let _kernel = vmlinux::extract(&[&[0x02, 0x21, 0x4c, 0x18], bytes.as_slice()].concat(), 512 << 20);
    }

    #[test]
    fn damaged_archives_never_panic(bytes in damaged(fixtures::ar(&[("a", b"abc"), ("b", b"d")]))) {
        if let Ok(members) = members(&bytes) {
            prop_assert!(members.iter().map(|(_, text)| text.len()).sum::<usize>() < bytes.len());
        }
    }

    #[test]
    fn damaged_modules_never_panic(bytes in damaged(fixtures::module("depends=a,b\nsoftdep=pre: c"))) {
        let _info = ModuleInfo::of_module(&bytes);
    }

    #[test]
    fn damaged_images_never_panic(bytes in damaged(fixtures::bzimage("6.1", &fixtures::lz4_payload(&fixtures::vmlinux(b"Xen\0"))))) {
        if let Ok(image) = Image::parse(&bytes, u64::MAX) {
            prop_assert!(crate::kernel::name::is_name(&image.release));
        }
    }

    #[test]
    fn damaged_kernels_never_panic(bytes in damaged(fixtures::vmlinux(b"Xen\0"))) {
        let _image = Image::parse(&bytes, u64::MAX);
    }
}

#[test]
fn notes_that_overlap_are_read_once() {
    let mut elf = vec![0; 64];
    elf[..6].copy_from_slice(b"\x7fELF\x02\x01");
    elf[0x20] = 64;
    elf[0x36] = 56;
    elf[0x38..0x3a].copy_from_slice(&[0xff, 0xff]);
    let (table, notes) = (65_535 * 56, 1 << 20);
    let mut segment = [0; 56];
    segment[0] = 4;
    segment[8..16].copy_from_slice(&(64 + table as u64).to_le_bytes());
    segment[0x20..0x28].copy_from_slice(&(notes as u64).to_le_bytes());
    elf.extend(segment.repeat(65_535));
    elf.resize(elf.len() + notes, 0);
    let started = std::time::Instant::now();
    assert!(!vmlinux::has_pvh_entry(&elf));
    assert!(started.elapsed().as_secs() < 5, "it is linear");
}
