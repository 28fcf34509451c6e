use super::*;

fn selector(text: &str) -> Selector {
    let words: Vec<&str> = text.split('/').collect();
    Selector {
        architecture: words[0].parse().unwrap(),
        substrate: words[1].parse().unwrap(),
        protection_mode: words[2].parse().unwrap(),
    }
}

#[test]
fn what_cannot_be_built_is_known_at_once() {
    let native = std::env::consts::ARCH;
    let foreign = if native == "aarch64" {
        "x86_64"
    } else {
        "aarch64"
    };
    let research = check(selector("aarch64/firecracker/pvm")).unwrap_err();
    assert!(
        matches!(research, BuildError::ResearchOnly { .. }),
        "{research}"
    );
    let foreign = check(selector(&format!("{foreign}/firecracker/standard"))).unwrap_err();
    assert!(matches!(foreign, BuildError::Foreign { .. }), "{foreign}");
    let odd = check(selector("x86_64/qemu/pvm")).unwrap_err();
    assert!(matches!(odd, BuildError::Unprotected { .. }), "{odd}");
    let resolved = check(selector("native/firecracker/standard")).unwrap();
    assert_eq!(resolved.architecture.to_string(), native);
}

#[test]
fn every_hypervisor_says_what_it_does_not_boot() {
    let packed = BootForm::BzImage;
    let plain = BootForm::Vmlinux { pvh: false };
    let entered = BootForm::Vmlinux { pvh: true };
    for substrate in [
        Substrate::Firecracker,
        Substrate::Qemu,
        Substrate::CloudHypervisor,
        Substrate::Avf,
    ] {
        assert_eq!(refuses(substrate, entered), None);
        assert_eq!(refuses(substrate, BootForm::Image), None);
    }
    assert!(refuses(Substrate::Firecracker, packed).is_some());
    assert!(refuses(Substrate::Firecracker, plain).is_none());
    assert!(refuses(Substrate::CloudHypervisor, packed).is_none());
    assert!(refuses(Substrate::CloudHypervisor, plain).is_some());
    assert!(refuses(Substrate::Qemu, plain).is_some());
}
