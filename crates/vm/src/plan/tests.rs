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
}
