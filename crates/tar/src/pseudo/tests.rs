use super::*;

#[test]
fn file_systems_of_the_kernel_are_told_from_others() {
    let text = b"22 1 0:21 / /proc rw,nosuid shared:5 - proc proc rw\n\
        23 1 0:5 / /dev rw - devtmpfs devtmpfs rw\n\
        24 23 0:22 / /dev/shm rw - tmpfs tmpfs rw\n\
        25 1 254:1 / / rw,relatime master:1 - ext4 /dev/vda rw\nbroken\n";
    let pseudo = Pseudo::parse(text);
    assert!(pseudo.has(makedev(0, 21)) && pseudo.has(makedev(0, 5)));
    assert!(!pseudo.has(makedev(0, 22)) && !pseudo.has(makedev(254, 1)));
    let proc = rustix::fs::stat("/proc").unwrap().st_dev;
    assert!(Pseudo::mounted().has(proc));
}
