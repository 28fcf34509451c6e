use super::*;

fn words(guest_image: Option<&str>, kernel_args: &str, read_only: bool) -> String {
    let named = NamedRequest {
        document: Document::default(),
        selector: Selector::default(),
        has_kernel: true,
        guest_image: guest_image.map(str::to_owned),
        kernel_args: kernel_args.to_owned(),
        control_port: Some(7001),
        disks: Vec::new(),
    };
    named.words("base", read_only).join(" ")
}

#[test]
fn what_a_hypervisor_needs_is_not_for_a_document_to_say() {
    let args = "console=ttyS0 reboot=k panic=1 pci=off quiet root=/dev/vda ro mitigations=off";
    assert_eq!(words(None, args, false), "quiet mitigations=off");
}

#[test]
fn a_guest_image_has_its_root_and_an_overlay_unless_it_is_read_only() {
    let common = "quiet root=serial=root rootfstype=ext4 init=/init port.hostname=base \
                  port.guest_control_port=7001";
    assert_eq!(words(Some("base"), "quiet", true), common);
    assert_eq!(
        words(Some("base"), "quiet", false),
        format!("{common} port.rootfs_overlay=1 port.rootfs_overlay_device=serial=scratch")
    );
}
