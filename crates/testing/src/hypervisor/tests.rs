use super::*;

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn a_command_line_of_cloud_hypervisor_is_read_and_its_faults_are_refused() {
    let good = "--kernel /k --initramfs /i --cmdline quiet --cpus boot=2 --memory size=512M \
                --vsock cid=3,socket=/s --serial file=/c --console off \
                --disk path=/a,readonly=on,serial=root,image_type=raw path=/b,image_type=raw --landlock";
    let machine = cloud_hypervisor::read(&words(good)).unwrap();
    assert_eq!((machine.cpus, machine.memory_mib), (2, 512));
    assert_eq!(machine.disks.len(), 2);
    assert!(machine.disks[0].read_only && !machine.disks[1].read_only);
    for (from, to) in [
        ("--kernel", "--kernels"),
        ("readonly=", "read_only="),
        ("boot=2", "boot=x"),
        ("socket=/s", "path=/s"),
        ("512M", "512"),
        ("--console off", ""),
        ("--memory size=512M", "--memory"),
    ] {
        let bad = words(&good.replace(from, to));
        assert!(cloud_hypervisor::read(&bad).is_err(), "{to}");
    }
}

#[test]
fn a_configuration_of_firecracker_is_read_and_its_faults_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let kernel = folder.path().join("kernel");
    std::fs::write(&kernel, b"\x7fELF").unwrap();
    let good = serde_json::json!({
        "boot-source": {"kernel_image_path": kernel, "initrd_path": "/i", "boot_args": "quiet"},
        "drives": [{"drive_id": "disk0", "is_root_device": false, "is_read_only": true,
                    "path_on_host": "/a", "cache_type": "Unsafe"}],
        "machine-config": {"vcpu_count": 1, "mem_size_mib": 256},
        "vsock": {"guest_cid": 3, "uds_path": "/s"},
        "entropy": {},
    })
    .to_string();
    let file = folder.path().join("configuration.json");
    let read = |text: &str| {
        std::fs::write(&file, text).unwrap();
        let line = format!("--no-api --id a-1 --config-file {}", file.display());
        firecracker::read(&words(&line))
    };
    let machine = read(&good).unwrap();
    assert_eq!((machine.cpus, machine.memory_mib), (1, 256));
    assert_eq!(machine.disks[0].serial, None);
    for (from, to) in [
        ("vcpu_count", "vcpus"),
        ("\"vcpu_count\":1", "\"vcpu_count\":33"),
        ("\"entropy\":{}", "\"entropy\":{\"source\":1}"),
        ("\"entropy\"", "\"random\""),
        ("Unsafe", "None"),
        ("disk0", "disk-0"),
        ("mem_size_mib\":256", "mem_size_mib\":\"256\""),
    ] {
        let bad = good.replace(from, to);
        assert_ne!(bad, good);
        assert_eq!(read(&bad).unwrap_err().0, 152, "{to}");
    }
    let usage = firecracker::read(&words("--config x --no-api")).unwrap_err();
    assert_eq!(usage.0, 153);
}
