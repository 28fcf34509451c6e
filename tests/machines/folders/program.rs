//! What programs do with files: a static program for machines, compiled when first needed. It ends with
//! the first thing that is not as on a file system of Linux.

use std::path::{Path, PathBuf};
use std::process::Command;

const SOURCE: &str = r#"
use std::ffi::{CString, OsStr, c_char, c_int, c_void};
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{Error, ErrorKind, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::{ffi::OsStrExt, fs::{FileExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown, symlink}};
use std::time::{Duration, SystemTime};

unsafe extern "C" {
    fn renameat2(a: c_int, old: *const c_char, b: c_int, new: *const c_char, flags: u32) -> c_int;
    fn mmap(at: *mut c_void, length: usize, access: c_int, flags: c_int, file: c_int, offset: i64) -> *mut c_void;
    fn munmap(at: *mut c_void, length: usize) -> c_int;
    fn lseek(file: c_int, offset: i64, whence: c_int) -> i64;
    fn fallocate(file: c_int, mode: c_int, offset: i64, length: i64) -> c_int;
    fn setxattr(path: *const c_char, name: *const c_char, value: *const c_void, size: usize, flags: c_int) -> c_int;
    fn getxattr(path: *const c_char, name: *const c_char, value: *mut c_void, size: usize) -> isize;
    fn mknod(path: *const c_char, mode: u32, device: u64) -> c_int;
    fn umask(mask: u32) -> u32;
}

const CWD: c_int = -100;

fn c(text: &str) -> CString { CString::new(text).unwrap() }
fn result(value: i64) -> Result<i64, i32> {
    if value < 0 { Err(Error::last_os_error().raw_os_error().unwrap()) } else { Ok(value) }
}
fn rename(old: &str, new: &str, flags: u32) -> Result<i64, i32> {
    result(unsafe { renameat2(CWD, c(old).as_ptr(), CWD, c(new).as_ptr(), flags) }.into())
}
fn errno<T>(result: std::io::Result<T>) -> i32 { result.err().unwrap().raw_os_error().unwrap() }

fn files() {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o640).open("file").unwrap();
    file.write_all(b"hello").unwrap();
    assert_eq!(fs::metadata("file").unwrap().mode() & 0o7777, 0o640);
    assert_eq!(errno(OpenOptions::new().write(true).create_new(true).open("file")), 17);
    let mut one = OpenOptions::new().append(true).open("file").unwrap();
    let mut two = OpenOptions::new().append(true).open("file").unwrap();
    for _ in 0..10 { one.write_all(b"1").unwrap(); two.write_all(b"2").unwrap(); }
    assert_eq!(fs::read("file").unwrap(), b"hello12121212121212121212");
    File::create("file").unwrap();
    assert_eq!(fs::metadata("file").unwrap().len(), 0);
    file.set_len(3).unwrap();
    assert_eq!(fs::read("file").unwrap(), [0; 3]);
    file.sync_all().unwrap();
    file.sync_data().unwrap();
    File::open(".").unwrap().sync_all().unwrap();
    assert_eq!(errno(File::open("x".repeat(256))), 36);
    assert_eq!(errno(File::open("file/x")), 20);
    fs::copy("file", "copy").unwrap();
    assert_eq!(fs::read("copy").unwrap(), [0; 3]);
    assert_eq!(result(unsafe { fallocate(file.as_raw_fd(), 0, 0, 8192) }.into()), Ok(0));
    assert_eq!(fs::metadata("file").unwrap().len(), 8192);
}

fn names() {
    fs::write("a", "a").unwrap();
    fs::write("b", "b").unwrap();
    assert_eq!(rename("a", "b", 1), Err(17));
    rename("a", "b", 2).unwrap();
    assert_eq!(fs::read("a").unwrap(), b"b");
    rename("a", "b", 0).unwrap();
    assert_eq!(fs::read("b").unwrap(), b"b");
    assert!(!fs::exists("a").unwrap());
    fs::create_dir_all("folder/deep").unwrap();
    fs::write("folder/deep/file", "deep").unwrap();
    assert_eq!(errno(fs::remove_dir("folder")), 39);
    assert_eq!(errno(fs::remove_dir("b")), 20);
    assert_eq!(errno(fs::remove_file("folder")), 21);
    let open = File::open("folder/deep/file").unwrap();
    fs::rename("folder", "moved").unwrap();
    assert_eq!(fs::read("moved/deep/file").unwrap(), b"deep");
    assert_eq!(open.metadata().unwrap().len(), 4);
    fs::hard_link("b", "moved/hard").unwrap();
    let (one, other) = (fs::metadata("b").unwrap(), fs::metadata("moved/hard").unwrap());
    assert_eq!((one.ino(), one.nlink()), (other.ino(), 2));
    fs::remove_file("b").unwrap();
    assert_eq!(fs::read("moved/hard").unwrap(), b"b");
    symlink("../nowhere/\u{1}", "link").unwrap();
    assert_eq!(fs::read_link("link").unwrap().as_os_str(), "../nowhere/\u{1}");
    assert_eq!(fs::read("link").unwrap_err().kind(), ErrorKind::NotFound);
    symlink("moved/hard", "right").unwrap();
    assert_eq!(fs::read("right").unwrap(), b"b");
    let odd = OsStr::from_bytes(b"odd \xff\xfe \n name");
    fs::write(odd, "odd").unwrap();
    assert!(fs::read_dir(".").unwrap().any(|entry| entry.unwrap().file_name() == odd));
}

fn open_without_a_name() {
    let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open("gone").unwrap();
    file.write_all(b"still here").unwrap();
    fs::remove_file("gone").unwrap();
    assert_eq!(file.metadata().unwrap().len(), 10);
    file.set_len(5).unwrap();
    file.write_all_at(b"!", 5).unwrap();
    let mut bytes = [0; 6];
    file.read_exact_at(&mut bytes, 0).unwrap();
    assert_eq!(&bytes, b"still!");
    file.set_permissions(Permissions::from_mode(0o600)).unwrap();
    // Another file of the name is another file.
    fs::write("gone", "new").unwrap();
    assert_eq!((file.metadata().unwrap().len(), fs::metadata("gone").unwrap().len()), (6, 3));
}

fn large() {
    let file = File::create("large").unwrap();
    let end = 5 << 30;
    file.write_all_at(b"far", end).unwrap();
    let data = fs::metadata("large").unwrap();
    assert_eq!(data.len(), end + 3);
    assert!(data.blocks() < 1000, "{}", data.blocks());
    let file = File::open("large").unwrap();
    let mut bytes = [0; 3];
    file.read_exact_at(&mut bytes, end).unwrap();
    assert_eq!(&bytes, b"far");
    let found = unsafe { lseek(file.as_raw_fd(), 0, 3) };
    assert!(found > end as i64 - 70_000 && found <= end as i64, "{found}");
}

fn mapped() {
    fs::write("mapped", vec![b'.'; 10_000]).unwrap();
    let file = OpenOptions::new().read(true).write(true).open("mapped").unwrap();
    let map = unsafe { mmap(std::ptr::null_mut(), 10_000, 3, 1, file.as_raw_fd(), 0) }.cast::<u8>();
    assert_ne!(map as isize, -1);
    unsafe {
        assert_eq!(*map.add(9_999), b'.');
        *map.add(5_000) = b'x';
        munmap(map.cast(), 10_000);
    }
    drop(file);
    assert_eq!(fs::read("mapped").unwrap().iter().position(|byte| *byte == b'x'), Some(5_000));
    let one = File::open("mapped").unwrap();
    one.lock().unwrap();
    assert!(File::open("mapped").unwrap().try_lock().is_err());
    one.unlock().unwrap();
    File::open("mapped").unwrap().try_lock().unwrap();
}

fn attributes() {
    let file = File::create("attributes").unwrap();
    let time = SystemTime::UNIX_EPOCH + Duration::new(1_000_000_000, 123_456_789);
    file.set_times(fs::FileTimes::new().set_modified(time).set_accessed(time)).unwrap();
    let data = fs::metadata("attributes").unwrap();
    assert_eq!((data.modified().unwrap(), data.accessed().unwrap()), (time, time));
    fs::set_permissions("attributes", Permissions::from_mode(0o6751)).unwrap();
    assert_eq!(fs::metadata("attributes").unwrap().mode() & 0o7777, 0o751);
    chown("attributes", Some(data.uid()), Some(data.gid())).unwrap();
    assert_eq!(errno(chown("attributes", Some(data.uid() + 1), None)), 1);
    let (path, name) = (c("attributes"), c("user.colour"));
    let set = |name: &CString| result(unsafe { setxattr(path.as_ptr(), name.as_ptr(), b"blue".as_ptr().cast(), 4, 0) }.into());
    let mut value = [0_u8; 16];
    if set(&name) == Ok(0) {
        let length = unsafe { getxattr(path.as_ptr(), name.as_ptr(), value.as_mut_ptr().cast(), 16) };
        assert_eq!(&value[..length as usize], b"blue");
    }
    assert_eq!(set(&c("security.colour")), Err(95));
    for kind in [0o010_000, 0o020_000, 0o060_000, 0o140_000] {
        assert_eq!(result(unsafe { mknod(c("special").as_ptr(), kind | 0o666, 0x103) }.into()), Err(1));
    }
    assert_eq!(result(unsafe { mknod(c("plain").as_ptr(), 0o100_644, 0) }.into()), Ok(0));
}

fn many() {
    fs::create_dir("many").unwrap();
    for number in 0..10_000 { File::create(format!("many/{number}")).unwrap(); }
    let mut names: Vec<_> = fs::read_dir("many").unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 10_000);
    fs::remove_dir_all("many").unwrap();
    assert!(!fs::exists("many").unwrap());
}

fn main() {
    let folder = std::env::args().nth(1).unwrap();
    std::env::set_current_dir(&folder).unwrap();
    unsafe { umask(0o022) };
    let checks: [(&str, fn()); 7] = [
        ("files", files),
        ("names", names),
        ("open without a name", open_without_a_name),
        ("large", large),
        ("mapped", mapped),
        ("attributes", attributes),
        ("many", many),
    ];
    for (name, check) in checks {
        check();
        println!("{name}");
    }
    let mut zeros = Vec::new();
    File::open("file").unwrap().read_to_end(&mut zeros).unwrap();
    println!("{}", zeros.len());
}
"#;

/// Compiles the program in `folder`.
pub(super) fn compile(folder: &Path) -> PathBuf {
    let (source, program) = (folder.join("program.rs"), folder.join("program"));
    std::fs::write(&source, SOURCE).unwrap();
    let static_ones = ["-C", "target-feature=+crt-static", "-C", "panic=abort"];
    let status = Command::new("rustc")
        .args(["--edition", "2024", "-O"])
        .args(static_ones)
        .args(["-C", "relocation-model=static", "-C", "strip=symbols", "-o"])
        .args([&program, &source])
        .status();
    assert!(status.unwrap().success());
    program
}
