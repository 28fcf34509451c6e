use super::*;

#[test]
fn plans_that_no_machine_accepts_are_refused() {
    let good = crate::qemu::example_plan();
    good.check().unwrap();
    let disk = |serial: &str| Disk {
        path: "x".into(),
        serial: serial.into(),
        format: DiskFormat::Raw,
        read_only: true,
        lasting: false,
    };
    let check = |expected: &str, change: &dyn Fn(&mut LaunchPlan)| {
        let mut plan = good.clone();
        change(&mut plan);
        let error = plan.check().unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    check("21 disks exceed the 20", &|plan| {
        plan.disks = (0..21)
            .map(|index| disk(&format!("disk-{index}")))
            .collect();
    });
    check("96 MiB to 1 TiB", &|plan| plan.memory_mib = 64);
    check("1 to 64 processors", &|plan| plan.cpus = 0);
    check("no blanks", &|plan| plan.cmdline = vec!["a b".into()]);
    check("20 letters", &|plan| plan.disks = vec![disk("a,b")]);
    check("20 letters", &|plan| plan.disks = vec![disk("")]);
    check("20 letters", &|plan| {
        plan.disks = vec![disk("123456789-123456789-1")];
    });
    check("two disks", &|plan| {
        plan.disks = vec![disk("one"), disk("one")];
    });
    let range = |offset, length, read_only| Disk {
        format: DiskFormat::Range(DiskRange {
            offset,
            length,
            file: FileIdentity {
                inode: (0, 0),
                size: 0,
                modified: (0, 0),
                changed: (0, 0),
            },
        }),
        read_only,
        ..disk("one")
    };
    check("whole sectors", &|plan| {
        plan.disks = vec![range(100, 512, true)];
    });
    check("whole sectors", &|plan| {
        plan.disks = vec![range(512, 0, true)];
    });
    check("whole sectors", &|plan| {
        plan.disks = vec![range(u64::MAX - 511, 512, true)];
    });
    check("not written to", &|plan| {
        plan.disks = vec![range(512, 512, false)];
    });
}
