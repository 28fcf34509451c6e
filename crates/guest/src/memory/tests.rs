use super::*;

#[test]
fn options_and_flags_say_what_is_asked_for() {
    let mut mount = MemoryMount {
        target: "/cache".to_owned(),
        size: None,
        mode: 0o1777,
        uid: 0,
        gid: 0,
        read_only: false,
        exec: false,
        suid: false,
        dev: false,
    };
    assert_eq!(options(&mount), "mode=1777,uid=0,gid=0");
    assert_eq!(
        flags(&mount),
        MountFlags::NOEXEC | MountFlags::NOSUID | MountFlags::NODEV
    );
    (mount.size, mount.mode, mount.uid, mount.gid) = (Some(65536), 0o700, 1, 2);
    (mount.read_only, mount.exec, mount.suid, mount.dev) = (true, true, true, true);
    assert_eq!(options(&mount), "mode=700,uid=1,gid=2,size=65536");
    assert_eq!(flags(&mount), MountFlags::RDONLY);
}

#[test]
fn the_kernel_counts_the_processes_that_it_ends() {
    let vmstat = "nr_free_pages 1\noom_kill_other 7\noom_kill 2\nlast 3\n";
    assert_eq!(number_in(vmstat), Some(2));
    assert_eq!(number_in(""), None);
}
