//! What a guest that is not Linux, or not honest, gets: nothing of the host outside the folder.

use std::os::unix::fs::symlink;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::io::Errno;

use super::guest::{Guest, text};
use crate::abi::{ROOT, code};

#[test]
fn links_are_followed_by_nobody() {
    let mut guest = Guest::new(false);
    symlink("../secret", guest.path("file")).unwrap();
    symlink("..", guest.path("folder")).unwrap();
    symlink("/proc/self/root", guest.path("magic")).unwrap();
    for name in ["file", "folder", "magic"] {
        let link = guest.look_up(ROOT, name).unwrap();
        assert_eq!(guest.open(link, 0), Err(Errno::LOOP));
        assert_eq!(guest.look_up(link, "secret"), Err(Errno::NOTDIR));
        let listed = guest.ask(code::OPENDIR, link, &[0; 8]);
        assert_eq!(listed, Err(Errno::NOTDIR));
        assert_eq!(guest.create(link, "new", 0o600), Err(Errno::NOTDIR));
        // In the place of a file that is to be made.
        assert_eq!(guest.create(ROOT, name, 0o600), Err(Errno::LOOP));
    }
    assert_eq!(std::fs::read(guest.outside("secret")).unwrap(), b"secret");
}

#[test]
fn a_folder_that_becomes_a_link_leads_nowhere() {
    let mut guest = Guest::new(false);
    std::fs::create_dir(guest.path("folder")).unwrap();
    std::fs::write(guest.path("folder/secret"), b"ours").unwrap();
    let folder = guest.look_up(ROOT, "folder").unwrap();
    let file = guest.look_up(folder, "secret").unwrap();
    std::fs::rename(guest.path("folder"), guest.path("away")).unwrap();
    symlink("..", guest.path("folder")).unwrap();
    assert_eq!(guest.look_up(folder, "secret"), Err(Errno::STALE));
    assert_eq!(guest.open(file, 2), Err(Errno::STALE));
    let removed = guest.ask(code::UNLINK, folder, &text(&["secret"]));
    assert_eq!(removed, Err(Errno::STALE));
    // A folder that has been moved out of the served one is not served.
    std::fs::rename(guest.path("away"), guest.outside("away")).unwrap();
    assert_eq!(guest.open(file, 0), Err(Errno::STALE));
}

#[test]
fn special_files_are_neither_made_nor_opened() {
    let mut guest = Guest::new(false);
    let path = guest.path("pipe");
    mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let pipe = guest.look_up(ROOT, "pipe").unwrap();
    for flags in 0..3 {
        assert_eq!(guest.open(pipe, flags), Err(Errno::ACCESS));
    }
    assert_eq!(guest.create(ROOT, "pipe", 0o600), Err(Errno::ACCESS));
    for mode in [0o010_600, 0o020_600, 0o060_600, 0o140_600, 0_u32] {
        let content = [&mode.to_ne_bytes()[..], &[0; 12], &text(&["new"])].concat();
        let made = guest.ask(code::MKNOD, ROOT, &content);
        assert_eq!(made, Err(Errno::PERM), "{mode:o}");
    }
    assert!(!guest.path("new").exists());
}

#[test]
fn a_guest_has_so_many_files_open_and_no_more() {
    let mut guest = Guest::new(false);
    std::fs::write(guest.path("file"), b"x").unwrap();
    let node = guest.look_up(ROOT, "file").unwrap();
    let handles: Vec<_> = (0..16).map(|_| guest.open(node, 0).unwrap()).collect();
    assert_eq!(guest.open(node, 0), Err(Errno::MFILE));
    assert_eq!(guest.create(ROOT, "new", 0o600), Err(Errno::MFILE));
    assert_eq!(guest.ask(code::OPENDIR, ROOT, &[0; 8]), Err(Errno::MFILE));
    assert!(!guest.path("new").exists());
    let close = [handles[3].to_ne_bytes(), [0; 8], [0; 8]].concat();
    guest.ask(code::RELEASE, node, &close).unwrap();
    assert!(guest.open(node, 0).is_ok());
}

#[test]
fn numbers_that_nobody_gave_out_are_refused() {
    let mut guest = Guest::new(false);
    std::fs::write(guest.path("file"), b"x").unwrap();
    let node = guest.look_up(ROOT, "file").unwrap();
    let handle = guest.open(node, 0).unwrap();
    for number in [0, handle + 1, u64::MAX] {
        assert_eq!(guest.read(number, 0, 1), Err(Errno::BADF));
        assert_eq!(guest.write(number, 0, 0, b"x"), Err(Errno::BADF));
        assert_eq!(guest.open(number.wrapping_add(100), 0), Err(Errno::STALE));
    }
    // A file is no folder, and what is open for reading only is not written.
    let content = [&handle.to_ne_bytes()[..], &[0; 32]].concat();
    assert_eq!(guest.ask(code::READDIR, node, &content), Err(Errno::BADF));
    assert_eq!(guest.write(handle, 0, 0, b"x"), Err(Errno::BADF));
    assert_eq!(guest.read(handle, u64::MAX, 1), Err(Errno::INVAL));
    for code in [0, 3000, code::LOOKUP | 1 << 31] {
        assert_eq!(guest.ask(code, ROOT, &[0; 64]), Err(Errno::NOSYS));
    }
}

#[test]
fn attributes_of_the_host_stay_out_of_reach() {
    let mut guest = Guest::new(false);
    std::fs::write(guest.path("file"), b"x").unwrap();
    let node = guest.look_up(ROOT, "file").unwrap();
    for name in [
        "security.capability",
        "trusted.x",
        "system.posix_acl_access",
        "x",
    ] {
        let name = text(&[name]);
        let get = [&[0; 8][..], &name].concat();
        let got = guest.ask(code::GETXATTR, node, &get);
        assert_eq!(got, Err(Errno::OPNOTSUPP), "{name:?}");
        let set = [&1_u32.to_ne_bytes()[..], &[0; 4], &name, b"v"].concat();
        let set = guest.ask(code::SETXATTR, node, &set);
        assert_eq!(set, Err(Errno::OPNOTSUPP), "{name:?}");
    }
}
