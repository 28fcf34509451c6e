use crate::DiskFormat;
use std::{ffi::OsString, os::unix::fs::PermissionsExt, path::Path, time::Duration};

use super::arguments::{Beginning, arguments_for};
use super::{binary::parse_version, *};
use crate::process::{console, tail::Tail};
use crate::{Accelerator, Disk, Error, LaunchPlan, NetworkDevice};

pub(crate) fn example_plan() -> LaunchPlan {
    LaunchPlan {
        accelerator: Accelerator::Tcg,
        memory_mib: 512,
        cpus: 2,
        kernel: "/k/vmlinux".into(),
        initramfs: "/k/initramfs".into(),
        boot_ranges: None,
        cmdline: vec!["extra=1".into()],
        disks: vec![
            Disk {
                path: "/d/root,1.erofs".into(),
                serial: "root".into(),
                format: DiskFormat::Raw,
                read_only: true,
                lasting: false,
            },
            Disk {
                path: "/d/scratch".into(),
                serial: "scratch".into(),
                format: DiskFormat::Raw,
                read_only: false,
                lasting: false,
            },
        ],
        network: None,
        console_log: None,
    }
}

fn lines(arguments: &[OsString]) -> String {
    let mut text = String::new();
    for argument in arguments {
        let argument = argument.to_str().unwrap();
        let break_before = argument.starts_with('-') && !text.is_empty();
        text.push_str(if break_before { "\n" } else { "" });
        text.push_str(if argument.starts_with('-') { "" } else { " " });
        text.push_str(argument);
    }
    text
}

fn descriptors() -> Descriptors {
    Descriptors {
        control: 7,
        console: 9,
        monitor: 11,
        boot: Some((15, 17)),
        folders: None,
        frames: None,
        disks: vec![vec![19], vec![21]],
    }
}

/// The example with files that exist.
fn plan_in(folder: &Path) -> LaunchPlan {
    let mut plan = example_plan();
    let file = |name: &str| {
        let path = folder.join(name);
        std::fs::write(&path, [0; 512]).unwrap();
        path
    };
    plan.kernel = file("vmlinux");
    plan.initramfs = file("initramfs");
    plan.disks[0].path = file("root,1.erofs");
    plan.disks[1].path = file("scratch");
    plan
}

#[test]
fn a_plan_becomes_these_arguments() {
    let expected = "\
-no-user-config
-nodefaults
-nographic
-no-reboot
-sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny
-machine microvm,rtc=on,pit=on,pic=on,isa-serial=on,acpi=on,usb=off,pcie=off
-accel tcg,tb-size=256
-cpu max,erms=off,fsrm=off
-m 512M
-smp 2
-kernel /proc/self/fd/15
-initrd /proc/self/fd/17
-append console=ttyS0 quiet panic=-1 reboot=t cryptomgr.notests tsc_early_khz=2000000 \
tsc=reliable no_timer_check mitigations=off extra=1
-chardev socket,id=console,fd=9
-serial chardev:console
-chardev socket,id=control,fd=7
-device virtio-serial-device
-device virtserialport,chardev=control,name=org.lazaret.control.0
-chardev null,id=folders
-device virtserialport,chardev=folders,name=org.lazaret.folders.0
-object rng-random,id=entropy,filename=/dev/urandom
-device virtio-rng-device,rng=entropy
-nic none
-monitor none
-chardev socket,id=monitor,fd=11
-mon chardev=monitor,mode=control
-add-fd fd=19,set=19
-add-fd fd=21,set=21
-blockdev driver=raw,node-name=disk0,read-only=on,file.driver=file,\
file.filename=/dev/fdset/19
-device virtio-blk-device,drive=disk0,werror=report,rerror=report,serial=root
-blockdev driver=raw,node-name=disk1,read-only=off,cache.no-flush=on,discard=unmap,\
file.driver=file,file.filename=/dev/fdset/21
-device virtio-blk-device,drive=disk1,werror=report,rerror=report,serial=scratch";
    assert_eq!(lines(&arguments(&example_plan(), &descriptors())), expected);
}

#[test]
fn a_list_of_processes_names_the_folder_of_a_machine() {
    let plan = LaunchPlan {
        console_log: Some("/machines/a,b/console.log".into()),
        ..example_plan()
    };
    let text = lines(&arguments(&plan, &descriptors()));
    assert!(text.starts_with("-name /machines/a,,b\n"), "{text}");
}

#[test]
fn a_network_is_a_device_over_a_socket_or_over_nothing() {
    let mut plan = example_plan();
    plan.network = Some(NetworkDevice {
        mac: "02:00:00:00:00:01".to_owned(),
        mtu: 9000,
    });
    let with = |frames| {
        let descriptors = Descriptors {
            frames,
            ..descriptors()
        };
        lines(&arguments(&plan, &descriptors))
    };
    let device = "-device virtio-net-device,netdev=network,mac=02:00:00:00:00:01,host_mtu=9000";
    let connected = with(Some(25));
    assert!(
        connected.contains("-netdev dgram,id=network,local.type=fd,local.str=25"),
        "{connected}"
    );
    assert!(connected.contains(device), "{connected}");
    let alone = with(None);
    assert!(
        alone.contains("-netdev hubport,id=network,hubid=0"),
        "{alone}"
    );
    assert!(alone.contains(device), "{alone}");
    for mac in [
        "",
        "02:00:00:00:00",
        "02:00:00:00:00:0g",
        "02:00:00:00:00:01,x=y",
    ] {
        mac.clone_into(&mut plan.network.as_mut().unwrap().mac);
        assert!(plan.check().is_err(), "{mac}");
    }
}

#[test]
fn folders_of_the_host_need_no_other_devices() {
    let with = Descriptors {
        folders: Some(23),
        ..descriptors()
    };
    let expected = lines(&arguments(&example_plan(), &descriptors()));
    assert_eq!(
        lines(&arguments(&example_plan(), &with)),
        expected.replace("null,id=folders", "socket,id=folders,fd=23")
    );
}

#[test]
fn what_a_guest_flushes_to_a_lasting_disk_is_flushed() {
    let mut plan = example_plan();
    plan.disks[1].lasting = true;
    let text = lines(&arguments(&plan, &descriptors()));
    assert!(text.contains("read-only=off,discard=unmap"), "{text}");
    assert!(!text.contains("no-flush"), "{text}");
}

#[test]
fn machines_of_a_template_differ_in_memory_kernel_and_disks_only() {
    let lines_of = |descriptors: Descriptors, beginning| {
        lines(&arguments_for(&example_plan(), &descriptors, beginning))
    };
    let boot = lines_of(descriptors(), Beginning::Boot);
    let difference = |descriptors, beginning| {
        let text = lines_of(descriptors, beginning);
        let less = boot.lines().filter(|line| !text.contains(line));
        let more = text.lines().filter(|line| !boot.contains(line));
        let words = |line: &str| line.split([' ', ',']).take(3).collect::<Vec<_>>().join(" ");
        let less: Vec<_> = less.map(words).collect();
        (less.join("\n"), more.collect::<Vec<_>>().join("\n"))
    };
    let machine = "-machine microvm,rtc=on,pit=on,pic=on,isa-serial=on,acpi=on,usb=off,pcie=off";
    let empty = Descriptors {
        disks: Vec::new(),
        ..descriptors()
    };
    let (less, more) = difference(empty, Beginning::Template { memory: 13 });
    assert_eq!(
        less,
        "-add-fd fd=19 set=19\n-add-fd fd=21 set=21\n\
         -blockdev driver=raw node-name=disk0\n-blockdev driver=raw node-name=disk1"
    );
    assert_eq!(
        more,
        format!(
            "-object memory-backend-file,id=ram,size=512M,mem-path=/proc/self/fd/13,share=on\n\
             {machine},memory-backend=ram\n\
             -blockdev driver=null-co,node-name=disk0\n\
             -blockdev driver=null-co,node-name=disk1"
        )
    );
    let begun = Descriptors {
        boot: None,
        ..descriptors()
    };
    let (less, more) = difference(begun, Beginning::Restore { memory: 13 });
    assert_eq!(
        less,
        "-kernel /proc/self/fd/15\n-initrd /proc/self/fd/17\n-append console=ttyS0 quiet"
    );
    assert_eq!(
        more,
        format!(
            "-object memory-backend-file,id=ram,size=512M,mem-path=/proc/self/fd/13,share=off\n\
             {machine},memory-backend=ram\n\
             -incoming defer"
        )
    );
}

#[test]
fn under_kvm_the_guest_gets_the_real_processor_and_clock() {
    let plan = LaunchPlan {
        accelerator: Accelerator::Kvm,
        ..example_plan()
    };
    let text = lines(&arguments(&plan, &descriptors()));
    assert!(text.contains("-accel kvm\n-cpu host\n"), "{text}");
    assert!(!text.contains("tsc_early_khz"), "{text}");
    assert!(!text.contains("mitigations"), "{text}");
}

#[test]
fn versions_are_read_from_the_first_line() {
    let output = "QEMU emulator version 7.2.22 (Debian 1:7.2)\nCopyright (c) 2003-2022\n";
    assert_eq!(
        parse_version(output).as_deref(),
        Some("7.2.22 (Debian 1:7.2)")
    );
    assert_eq!(parse_version("something else"), None);
    assert_eq!(parse_version(""), None);
}

#[test]
fn a_tail_keeps_the_end_without_control_characters() {
    let tail = Tail::new(100);
    tail.push(&vec![b'x'; 100_000]);
    tail.push(b"\r\n\x1b[31mone\x07\n\ntwo\n");
    assert_eq!(tail.total(), 100_000 + 17);
    assert_eq!(tail.lines(2), "\\u{1b}[31mone\\u{7}\ntwo");
    assert!(tail.lines(usize::MAX).len() <= 110);
}

#[tokio::test]
async fn a_flooded_console_does_not_fill_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("console.log");
    let log = console::Log::create(Some(&path)).await.unwrap();
    let tail = Tail::new(100);
    let flood = vec![b'y'; 3 * 1024 * 1024];
    console::drain(flood.as_slice(), tail.clone(), log).await;
    assert_eq!(tail.total(), 3 * 1024 * 1024);
    let text = std::fs::read(&path).unwrap();
    assert!(text.ends_with(b"[console log is full]\n"));
    assert!(text.len() <= console::MAX_LOG_BYTES + 100);
}

/// A stand-in for QEMU: a script that finds its sockets by `fd=` in `$*`. It uses Bash, because
/// other shells allow only one digit in descriptors.
async fn stand_in(folder: &Path, script: &str) -> Qemu {
    let path = folder.join("qemu-system-x86_64");
    let body = format!(
        "#!/usr/bin/env bash\n[ \"$1\" = -version ] && {{ echo 'QEMU emulator version 1.0'; exit; }}\n\
         control=$(echo \"$*\" | sed 's/.*id=control,fd=\\([0-9]*\\).*/\\1/')\n\
         console=$(echo \"$*\" | sed 's/.*id=console,fd=\\([0-9]*\\).*/\\1/')\n{script}\n"
    );
    std::fs::write(&path, body).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    // A fork in another test may hold the script open for writing for a moment.
    loop {
        match Qemu::find(folder.as_os_str()).await {
            Err(Error::QemuUnusable { reason, .. }) if reason.contains("busy") => {}
            found => return found.unwrap(),
        }
    }
}

const LIMIT: Duration = Duration::from_secs(20);

async fn handshake_error(script: &str, limit: Duration) -> (Error, u32) {
    let folder = tempfile::tempdir().unwrap();
    let qemu = stand_in(folder.path(), script).await;
    let plan = plan_in(folder.path());
    let mut machine = Machine::start(&qemu, &plan, Streams::default())
        .await
        .unwrap();
    let pid = machine.pid();
    (machine.handshake(limit).await.unwrap_err(), pid)
}

#[tokio::test]
async fn a_machine_that_ends_early_says_why() {
    let script = "echo 'no such device' >&2; eval \"echo 'Kernel panic' >&$console\"; exit 3";
    let (error, _) = handshake_error(script, LIMIT).await;
    let text = error.to_string();
    assert!(text.contains("exit status: 3"), "{text}");
    assert!(
        text.contains("the hypervisor said: no such device"),
        "{text}"
    );
    assert!(
        text.contains("the console ends with: Kernel panic"),
        "{text}"
    );
}

#[tokio::test]
async fn a_silent_guest_is_given_up_and_its_machine_killed() {
    let (error, pid) = handshake_error("exec sleep 1000", Duration::from_millis(300)).await;
    assert!(matches!(error, Error::GuestSilent { .. }), "{error:?}");
    for _ in 0..200 {
        // Not even a zombie is left.
        if !Path::new(&format!("/proc/{pid}")).exists() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("process {pid} is still there");
}

#[tokio::test]
async fn only_a_guest_of_this_version_is_talked_to() {
    let hello = |json: &str| {
        let length = char::from(u8::try_from(json.len()).unwrap());
        let octal = format!("{:03o}", u32::from(length));
        format!(
            "eval \"printf '\\001\\\\{octal}\\000\\000\\000' >&$control\"; eval \"printf '%s' '{}' >&$control\"; exec sleep 1000",
            json.replace('"', "\\\"")
        )
    };
    let (error, _) = handshake_error(&hello(r#"{"version":99,"kernel":"x"}"#), LIMIT).await;
    assert!(error.to_string().contains("version 99"), "{error}");
    let (error, _) = handshake_error(&hello(r#"{"version":1,"kernel":"6.1"}"#), LIMIT).await;
    let text = error.to_string();
    assert!(text.contains("it speaks version 1, not 3"), "{text}");
    let (error, _) = handshake_error(&hello("{}"), LIMIT).await;
    assert!(error.to_string().contains("hello is damaged"), "{error}");

    let folder = tempfile::tempdir().unwrap();
    let qemu = stand_in(folder.path(), &hello(r#"{"version":3,"kernel":"6.1"}"#)).await;
    let plan = plan_in(folder.path());
    let mut machine = Machine::start(&qemu, &plan, Streams::default())
        .await
        .unwrap();
    let (hello, _channel) = machine.handshake(LIMIT).await.unwrap();
    assert_eq!(hello.kernel, "6.1");
    machine.kill();
    let status = machine.wait().await;
    assert_eq!(
        std::os::unix::process::ExitStatusExt::signal(&status),
        Some(9)
    );
    assert_eq!(machine.wait().await, status, "asking again gives the same");
}

#[tokio::test]
async fn a_missing_qemu_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let error = Qemu::find(folder.path().as_os_str()).await.unwrap_err();
    assert!(matches!(error, Error::QemuNotFound { .. }), "{error}");
    let qemu = stand_in(folder.path(), "exit 1").await;
    std::fs::remove_file(qemu.path()).unwrap();
    let error = Machine::start(&qemu, &plan_in(folder.path()), Streams::default())
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Spawn { .. }), "{error:?}");
}

/// A disk in a file: QEMU sees nothing but its range.
#[test]
fn a_range_of_a_file_is_a_disk() {
    let mut plan = example_plan();
    let file = crate::FileIdentity {
        inode: (1, 2),
        size: 3,
        modified: (4, 5),
        changed: (6, 7),
    };
    plan.disks[0].format = DiskFormat::Range(crate::DiskRange {
        offset: 8192,
        length: 4096,
        file,
    });
    let text = lines(&arguments(&plan, &descriptors()));
    let block = "driver=raw,offset=8192,size=4096,node-name=disk0,read-only=on,file.driver=file,file.filename=/dev/fdset/19";
    assert!(text.contains(block), "{text}");
}
