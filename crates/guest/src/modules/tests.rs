#[test]
fn the_list_keeps_its_order_and_skips_what_is_no_module() {
    let list = "virtio_mmio.ko\n\n# disks\n  virtio_blk.ko \nfs/overlay.ko";
    let modules: Vec<_> = super::parse(list).collect();
    assert_eq!(
        modules,
        ["virtio_mmio.ko", "virtio_blk.ko", "fs/overlay.ko"]
    );
}
