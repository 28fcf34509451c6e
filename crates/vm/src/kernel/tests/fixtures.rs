//! Small kernels, modules and packages, built from bytes.

use std::io::Write as _;

/// An ELF64 file with one named section.
pub(super) fn elf_with_section(name: &str, content: &[u8]) -> Vec<u8> {
    let names = [b"\0", name.as_bytes(), b"\0.shstrtab\0"].concat();
    let content_at = 64;
    let names_at = content_at + content.len();
    let table_at = names_at + names.len();
    let mut elf = elf_header();
    elf[0x28..0x30].copy_from_slice(&(table_at as u64).to_le_bytes());
    elf[0x3a..0x3c].copy_from_slice(&64_u16.to_le_bytes());
    elf[0x3c..0x3e].copy_from_slice(&3_u16.to_le_bytes());
    elf[0x3e..0x40].copy_from_slice(&2_u16.to_le_bytes());
    elf.extend_from_slice(content);
    elf.extend_from_slice(&names);
    let mut section = |name: u32, kind: u32, start: usize, bytes: usize| {
        let mut header = [0; 64];
        header[..4].copy_from_slice(&name.to_le_bytes());
        header[4..8].copy_from_slice(&kind.to_le_bytes());
        header[0x18..0x20].copy_from_slice(&(start as u64).to_le_bytes());
        header[0x20..0x28].copy_from_slice(&(bytes as u64).to_le_bytes());
        elf.extend_from_slice(&header);
    };
    section(0, 0, 0, 0);
    section(1, 1, content_at, content.len());
    section(
        u32::try_from(name.len()).unwrap() + 2,
        3,
        names_at,
        names.len(),
    );
    elf
}

fn elf_header() -> Vec<u8> {
    let mut elf = vec![0; 64];
    elf[..6].copy_from_slice(b"\x7fELF\x02\x01");
    elf
}

/// A kernel module with this information (`depends=a,b`; here separated by newlines).
pub(super) fn module(modinfo: &str) -> Vec<u8> {
    elf_with_section(".modinfo", modinfo.replace('\n', "\0").as_bytes())
}

/// A `vmlinux` with several notes, of which one has this name.
pub(in crate::kernel) fn vmlinux(note: &[u8; 4]) -> Vec<u8> {
    let mut notes = Vec::new();
    for (name, kind) in [(b"Odd\0", 18_u32), (note, 18)] {
        for word in [4, 4, kind] {
            notes.extend_from_slice(&word.to_le_bytes());
        }
        notes.extend_from_slice(name);
        notes.extend_from_slice(&0x0100_0000_u32.to_le_bytes());
    }
    let mut elf = elf_header();
    elf[0x20..0x28].copy_from_slice(&64_u64.to_le_bytes());
    elf[0x36..0x38].copy_from_slice(&56_u16.to_le_bytes());
    elf[0x38..0x3a].copy_from_slice(&1_u16.to_le_bytes());
    let mut header = [0; 56];
    header[..4].copy_from_slice(&4_u32.to_le_bytes());
    header[8..16].copy_from_slice(&120_u64.to_le_bytes());
    header[0x20..0x28].copy_from_slice(&(notes.len() as u64).to_le_bytes());
    elf.extend_from_slice(&header);
    elf.extend_from_slice(&notes);
    elf.extend_from_slice(b"some code, Linux version ?, Linux version 6.9.1-elf (gcc) #1");
    elf
}

/// A bzImage of this release around a payload.
pub(in crate::kernel) fn bzimage(release: &str, payload: &[u8]) -> Vec<u8> {
    let mut image = vec![0; 1024];
    image[0x1f1] = 1;
    image[0x1fe..0x200].copy_from_slice(&[0x55, 0xaa]);
    image[0x202..0x206].copy_from_slice(b"HdrS");
    image[0x206..0x208].copy_from_slice(&0x020f_u16.to_le_bytes());
    image[0x20e..0x210].copy_from_slice(&0x100_u16.to_le_bytes());
    image[0x248..0x24c].copy_from_slice(&16_u32.to_le_bytes());
    image[0x24c..0x250].copy_from_slice(&u32::try_from(payload.len()).unwrap().to_le_bytes());
    let text = format!("{release} (somebody@somewhere) #1 SMP");
    image[0x300..0x300 + text.len()].copy_from_slice(text.as_bytes());
    image.extend_from_slice(&[0; 16]);
    image.extend_from_slice(payload);
    image
}

/// A kernel packed as Linux packs it: lz4 in the legacy frame, then its size.
pub(super) fn lz4_payload(kernel: &[u8]) -> Vec<u8> {
    let mut payload = vec![0x02, 0x21, 0x4c, 0x18];
    for block in kernel.chunks(8 * 1024 * 1024) {
        let packed = lz4_flex::block::compress(block);
        payload.extend_from_slice(&u32::try_from(packed.len()).unwrap().to_le_bytes());
        payload.extend_from_slice(&packed);
    }
    payload.extend_from_slice(&u32::try_from(kernel.len()).unwrap().to_le_bytes());
    payload
}

pub(in crate::kernel) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(super) fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 1);
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(super) fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

pub(in crate::kernel) fn ar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = b"!<arch>\n".to_vec();
    for (name, content) in members {
        let header = format!("{name:<16}{:<32}{:<10}`\n", 0, content.len());
        archive.extend_from_slice(header.as_bytes());
        archive.extend_from_slice(content);
        if content.len() % 2 == 1 {
            archive.push(b'\n');
        }
    }
    archive
}

pub(in crate::kernel) fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        // As in a hostile archive: the checked setter would refuse `..`.
        header.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
        header.set_cksum();
        archive.append(&header, *content).unwrap();
    }
    archive.into_inner().unwrap()
}

/// A Debian package.
pub(super) fn package(control: &str, files: &[(&str, &[u8])]) -> Vec<u8> {
    let control = gzip(&tar(&[("./control", control.as_bytes())]));
    let data = xz(&tar(files));
    ar(&[
        ("debian-binary", b"2.0\n"),
        ("control.tar.gz", &control),
        ("data.tar.xz", &data),
    ])
}
