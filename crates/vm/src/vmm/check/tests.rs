use super::*;
use crate::NetworkDevice;
use crate::qemu::example_plan;

#[test]
fn a_plan_is_refused_by_the_name_of_what_it_asks_for() {
    let plan = LaunchPlan {
        accelerator: Accelerator::Kvm,
        ..example_plan()
    };
    let refusal = |change: fn(&mut LaunchPlan)| {
        let mut plan = plan.clone();
        change(&mut plan);
        check(Substrate::Qemu, &plan).unwrap();
        Substrate::ALL[1..]
            .iter()
            .map(|substrate| check(*substrate, &plan).unwrap_err().to_string())
            .collect::<Vec<_>>()
    };
    let refuses = |change, what: &str| {
        let expected = ["Firecracker", "Cloud Hypervisor"]
            .map(|name| format!("{name} does not support {what}"));
        assert_eq!(refusal(change), expected);
    };
    refuses(
        |plan| plan.accelerator = Accelerator::Tcg,
        "emulation: it runs with KVM only",
    );
    refuses(
        |plan| plan.disks[0].format = DiskFormat::Parts,
        "disks of several files",
    );
    refuses(
        |plan| {
            plan.network = Some(NetworkDevice {
                mac: "02:00:00:00:00:01".to_owned(),
                mtu: 1500,
            });
        },
        "networks of machines, nor published ports",
    );
    for substrate in Substrate::ALL {
        check(substrate, &plan).unwrap();
    }
    let many = LaunchPlan { cpus: 33, ..plan };
    let refused = check(Substrate::Firecracker, &many).unwrap_err();
    assert!(
        refused.to_string().contains("more than 32 processors"),
        "{refused}"
    );
    check(Substrate::CloudHypervisor, &many).unwrap();
}
