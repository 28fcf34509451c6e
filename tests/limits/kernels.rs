//! Kernels and the packages that they come in.

use super::bombs::{entry, gzip_of, header, record, repeat, xz, xz_of, zstd, zstd_each, zstd_of};
use super::cost::{LARGEST, check};
use crate::support::{World, gzip};

fn check_kernel(name: &str, file: &str, bytes: &[u8]) {
    let world = World::new();
    world.write(file, bytes);
    let arguments = ["kernel", "import", file];
    check(
        &format!("kernel: {name}"),
        &world.lazaret(),
        &world,
        &arguments,
    );
}

fn package(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut package = b"!<arch>\n".to_vec();
    for (name, content) in members {
        package.extend(
            format!(
                "{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n",
                0,
                0,
                0,
                100_644,
                content.len()
            )
            .bytes(),
        );
        package.extend_from_slice(content);
        package.resize(package.len().next_multiple_of(2), b'\n');
    }
    package
}

fn check_package(name: &str, data: &[u8]) {
    let data = &data[..data.len().min(LARGEST - 200)];
    check_kernel(
        &format!("package with {name}"),
        "k.deb",
        &package(&[("debian-binary", b"2.0\n"), ("data.tar", data)]),
    );
}

#[test]
fn packages() {
    let zeros = vec![0; 16 << 20];
    let image = header(b'0', b"./boot/vmlinuz-6.1", b"", 1 << 40);
    check_package("an image of zeros in gzip", &gzip_of(&image, &zeros));
    check_package("an image of zeros in xz", &xz_of(&image, &zeros));
    check_package("an image of zeros in zstd", &zstd_of(&image, &zeros));
    let whole = header(b'0', b"./boot/vmlinuz-6.1", b"", 400 << 20);
    check_package(
        "an image of 400 MiB",
        &xz(&[&whole[..], &vec![0; 400 << 20], &[0; 1024]].concat(), 6),
    );
    let module = header(b'0', b"./lib/modules/6.1/a.ko", b"", 1 << 40);
    check_package("a module of zeros", &zstd_of(&module, &zeros));
    check_package(
        "an image in an image",
        &zstd_of(
            &entry(b'0', b"./boot/vmlinuz-6.1", b"", &gzip(&vec![0; 300 << 20])),
            &[0; 512],
        ),
    );
    let modules = (0..1_000_000).map(|number| {
        entry(
            b'0',
            format!("./lib/modules/6.1/{number}.ko").as_bytes(),
            b"",
            b"",
        )
    });
    check_package("modules", &zstd_each(modules));
    let names = (0..1_000_000).map(|number| entry(b'0', format!("{number}").as_bytes(), b"", b""));
    check_package("names", &zstd_each(names));
    let same = entry(b'0', b"a", b"", b"").repeat(1 << 14);
    check_package("one name over and over", &zstd_of(&[], &same));
    let long = entry(b'0', &vec![b'n'; 65_000], b"", b"");
    check_package("long names", &zstd_of(&long, &long.repeat(16)));
    let huge = entry(b'0', &vec![b'n'; 1 << 20], b"", b"");
    check_package("names of 1 MiB", &zstd_of(&huge, &huge));
    let records = entry(b'x', b"p", b"", &record("path", &vec![b'n'; 1 << 20]));
    check_package("records", &zstd_of(&records, &records));
    check_package("a name of 8 EiB", &header(b'L', b"L", b"", (1 << 62) - 1));
    let control = zstd_of(
        &header(b'0', b"./control", b"", 1 << 40),
        &vec![b'a'; 16 << 20],
    );
    check_kernel(
        "package with a large control",
        "k.deb",
        &package(&[(
            "control.tar.zst",
            &control[..control.len().min(LARGEST - 200)],
        )]),
    );
    let members = repeat(b"!<arch>\n", &package(&[("data.tar", b"")])[8..], b"");
    check_kernel("package of members", "k.deb", &members);
    let members = repeat(
        b"!<arch>\n",
        &package(&[("data.tar.zst", &zstd(&vec![0; 1024]))])[8..],
        b"",
    );
    check_kernel("package of empty archives", "k.deb", &members);
    let members = repeat(
        b"!<arch>\n",
        &package(&[(
            "data.tar.zst",
            &zstd(&[&header(b'0', b"a", b"", 32 << 20)[..], &vec![0; 32 << 20]].concat()),
        )])[8..],
        b"",
    );
    check_kernel("package of archives", "k.deb", &members);
}

/// A boot image with this payload.
fn boot_image(payload: &[u8]) -> Vec<u8> {
    let mut image = vec![0; 1024];
    image[0x1f1] = 1;
    image[0x1fe..0x200].copy_from_slice(&[0x55, 0xaa]);
    image[0x202..0x206].copy_from_slice(b"HdrS");
    image[0x206..0x208].copy_from_slice(&0x020c_u16.to_le_bytes());
    image[0x20e..0x210].copy_from_slice(&0x100_u16.to_le_bytes());
    image[0x300..0x304].copy_from_slice(b"6.1 ");
    image[0x24c..0x250].copy_from_slice(&u32::try_from(payload.len()).unwrap().to_le_bytes());
    [&image[..], payload].concat()
}

#[test]
fn images() {
    let zeros = vec![0; 16 << 20];
    let cut = |payload: Vec<u8>| boot_image(&payload[..payload.len().min(LARGEST - 1024)]);
    check_kernel(
        "image of zeros in gzip",
        "vmlinuz",
        &cut(gzip_of(&[], &zeros)),
    );
    check_kernel(
        "image of zeros in zstd",
        "vmlinuz",
        &cut(zstd_of(&[], &zeros)),
    );
    check_kernel("image of zeros in xz", "vmlinuz", &cut(xz_of(&[], &zeros)));
    check_kernel(
        "image of 400 MiB in xz",
        "vmlinuz",
        &cut(xz(&vec![0; 400 << 20], 6)),
    );
    check_kernel(
        "image of 400 MiB in zstd",
        "vmlinuz",
        &cut(zstd(&vec![0; 400 << 20])),
    );
    let block = lz4_block(8 << 20);
    let size = 512u32 << 20;
    let frame = [
        &[2, 0x21, 0x4c, 0x18][..],
        &block.repeat(64),
        &size.to_le_bytes(),
    ]
    .concat();
    check_kernel("image of zeros in lz4", "vmlinuz", &cut(frame));
    check_kernel(
        "compressed image of zeros",
        "vmlinuz",
        &gzip_of(&[], &zeros),
    );
    check_kernel(
        "compressed image of 400 MiB",
        "vmlinuz",
        &zstd(&vec![0; 400 << 20]),
    );
    let mut elf = vec![0; 64];
    elf[..6].copy_from_slice(b"\x7fELF\x02\x01");
    elf[0x20] = 64;
    elf[0x36] = 56;
    elf[0x38..0x3a].copy_from_slice(&[0xff, 0xff]);
    let mut segment = [0; 56];
    segment[0] = 4;
    segment[8..12].copy_from_slice(&(64 + 65_535 * 56_u32).to_le_bytes());
    segment[0x20..0x23].copy_from_slice(&[0, 0, 5]);
    let notes = vec![0; LARGEST - 64 - 65_535 * 56];
    segment[0x20..0x24].copy_from_slice(&u32::try_from(notes.len()).unwrap().to_le_bytes());
    check_kernel(
        "vmlinux whose segments overlap",
        "vmlinux",
        &[&elf[..], &segment.repeat(65_535), &notes].concat(),
    );
    check_kernel(
        "vmlinux of banners",
        "vmlinux",
        &repeat(&elf, b"Linux version ", b""),
    );
}

/// A block of the legacy frame of lz4 that unpacks to so many zeros.
fn lz4_block(bytes: usize) -> Vec<u8> {
    // One literal, then one long match at distance 1.
    let mut block = vec![0x1f, 0, 1, 0];
    let mut left = bytes - 1 - 4 - 15 - 5;
    while left >= 255 {
        block.push(255);
        left -= 255;
    }
    block.push(u8::try_from(left).unwrap());
    block.extend_from_slice(&[0x50, 0, 0, 0, 0, 0]);
    [
        &u32::try_from(block.len()).unwrap().to_le_bytes()[..],
        &block,
    ]
    .concat()
}
