//! Tests that the disk has the content of the layers, as the kernel sees it.

use crate::tests::{Dump, Tar, build, build_with, gzip, small, spec};
use crate::{Attributes, Timestamp};

#[test]
fn files_come_out_as_they_went_in() {
    let long = "x".repeat(100_000);
    let layer = Tar::new()
        .dir("etc")
        .file("etc/hello", "hello\n")
        .file("long", &long)
        .end();
    let disk = build(&[gzip(&layer)]);
    assert_eq!(disk.content("/etc/hello"), b"hello\n");
    assert_eq!(disk.content("/long"), long.as_bytes());
    let stat = disk.debugfs("stat /etc/hello");
    assert!(
        stat.contains("Mode:  0644") && stat.contains("Size: 6"),
        "{stat}"
    );
}

#[test]
fn every_kind_of_file_and_attribute_survives() {
    let capability = [
        1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ];
    let long_target = "t/".repeat(300);
    let layer = Tar::new()
        .entry(spec(b'5', "./").mode(0o755))
        .entry(spec(b'0', "sudo").mode(0o4755).data("#!"))
        .entry(spec(b'5', "shared").mode(0o3777).owner(1000, 2000))
        .entry(spec(b'0', "ping").pax("SCHILY.xattr.security.capability", capability))
        .entry(spec(b'0', "owned").owner(1000, 2000))
        .entry(
            spec(b'0', "high")
                .pax("uid", "4000000000")
                .pax("gid", "3000000001"),
        )
        .entry(spec(b'0', "time").pax("mtime", "1700000000.123456789"))
        .entry(spec(b'0', "old").pax("mtime", "-1.5"))
        .entry(spec(b'0', "future").pax("mtime", "5000000000.25"))
        .file(b"caf\xe9", "latin")
        .symlink("short", "target")
        .symlink("edge59", "e".repeat(59))
        .symlink("edge60", "e".repeat(60))
        .symlink("long", &long_target)
        .entry(spec(b'3', "null").device(1, 3).mode(0o666))
        .entry(spec(b'4', "disk").device(259, 70_000).mode(0o660))
        .entry(spec(b'6', "pipe"))
        .file("empty", "")
        .entry(spec(b'1', "again").link("sudo").mode(0o4755))
        .end();
    let disk = build(&[layer]);
    assert!(disk.debugfs("stat /sudo").contains("Mode:  04755"));
    let dump = Dump::of(&disk);
    assert_eq!(dump.get("short").content, b"target");
    assert_eq!(dump.get("edge59").content, [b'e'; 59]);
    assert_eq!(dump.get("edge60").content, [b'e'; 60]);
    assert_eq!(dump.get("long").content, long_target.as_bytes());
    assert_eq!(dump.get(b"caf\xe9").content, b"latin");
    assert_eq!(dump.get("empty").content, b"");
    assert_eq!(dump.get("again").content, b"#!");
    if !dump.exact {
        return;
    }
    assert_eq!(
        (dump.get("shared").mode, dump.get("shared").owner),
        (0o3777, (1000, 2000))
    );
    assert_eq!(
        dump.get("ping").xattrs,
        [(b"security.capability".to_vec(), capability.to_vec())]
    );
    assert_eq!(dump.get("owned").owner, (1000, 2000));
    assert_eq!(dump.get("high").owner, (4_000_000_000, 3_000_000_001));
    assert_eq!(dump.get("time").mtime, (1_700_000_000, 123_456_789));
    assert_eq!(dump.get("old").mtime, (-2, 500_000_000));
    assert_eq!(dump.get("future").mtime, (5_000_000_000, 250_000_000));
    assert_eq!(
        (dump.get("null").kind, &dump.get("null").content[..]),
        ('c', &b"1:3"[..])
    );
    assert_eq!(
        (dump.get("disk").kind, &dump.get("disk").content[..]),
        ('b', &b"259:70000"[..])
    );
    assert_eq!(dump.get("pipe").kind, 'p');
    assert_eq!(dump.get("sudo").first_name, b"again");
}

#[test]
fn attributes_in_the_inode_and_in_a_block_are_read_back() {
    let acl: Vec<u8> = [
        &2u32.to_le_bytes()[..],
        &[1, 0, 6, 0, 255, 255, 255, 255],
        &[2, 0, 4, 0, 232, 3, 0, 0],
        &[4, 0, 4, 0, 255, 255, 255, 255],
        &[16, 0, 4, 0, 255, 255, 255, 255],
        &[32, 0, 4, 0, 255, 255, 255, 255],
    ]
    .concat();
    let mut rich = spec(b'0', "rich")
        .pax("SCHILY.xattr.system.posix_acl_access", &acl)
        .pax("SCHILY.xattr.trusted.overlay.opaque", "y")
        .pax("SCHILY.xattr.com.apple.quarantine", "dropped")
        .pax("LIBARCHIVE.xattr.user.enc%6Fded", "aGVsbG8");
    let mut expected = vec![
        (b"system.posix_acl_access".to_vec(), acl),
        (b"user.encoded".to_vec(), b"hello".to_vec()),
    ];
    for index in 0..40 {
        let (name, value) = (format!("user.name{index}"), vec![b'v'; index]);
        rich = rich.pax(format!("SCHILY.xattr.{name}"), &value);
        expected.push((name.into_bytes(), value));
    }
    expected.sort();
    let few = spec(b'5', "few")
        .pax("SCHILY.xattr.user.one", "1")
        .pax("SCHILY.xattr.user.b", "");
    let dump = Dump::of(&build(&[Tar::new().entry(rich).entry(few).end()]));
    if dump.exact {
        assert_eq!(dump.get("rich").xattrs, expected);
        assert_eq!(dump.get("few").xattrs.len(), 2);
    }
}

#[test]
fn single_files_and_layers_under_a_prefix_share_a_disk() {
    let layer = Tar::new()
        .file("a", "a")
        .symlink("up", "/a")
        .file("/b/c", "c")
        .end();
    let disk = build_with(small(), |disk| {
        disk.add_directory("etc/agent", Attributes::new(0o700))?;
        let mut attributes = Attributes::new(0o600);
        attributes.mtime = Timestamp {
            seconds: 5,
            nanos: 6,
        };
        disk.add_file("etc/agent/model.json", attributes, &b"{}"[..])?;
        disk.add_symlink("current", "etc/agent")?;
        disk.add_file("current/more", Attributes::new(0o644), &b"more"[..])?;
        disk.apply_layer(&layer[..], "0")?;
        disk.apply_layer(&layer[..], "1/deep")?;
        let whiteouts = Tar::new().file(".wh.a", "").file(".wh..wh..opq", "").end();
        disk.apply_layer(&whiteouts[..], "1/deep")?;
        Ok(())
    })
    .unwrap();
    let dump = Dump::of(&disk);
    assert_eq!(
        dump.names(),
        [
            "0",
            "0/a",
            "0/b",
            "0/b/c",
            "0/up",
            "1",
            "1/deep",
            "current",
            "etc",
            "etc/agent",
            "etc/agent/model.json",
            "etc/agent/more"
        ]
    );
    assert_eq!(dump.get("etc/agent").mode, 0o700);
    assert_eq!(dump.get("etc/agent/model.json").content, b"{}");
    if dump.exact {
        assert_eq!(dump.get("etc/agent/model.json").mtime, (5, 6));
    }
}
