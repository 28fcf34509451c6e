use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::kernel::{
    modinfo::ModuleInfo,
    modules::{Catalogue, Missing, Need, WANTED},
};

/// The load order of modules, given as lines `file: depends... ~soft...`.
fn load_order(builtin: &str, modules: &str) -> Result<Vec<String>, Vec<String>> {
    let modules: BTreeMap<String, ModuleInfo> = modules
        .lines()
        .filter_map(|line| line.trim().split_once(':'))
        .map(|(file, needs)| {
            let mut info = ModuleInfo::default();
            for need in needs.split_whitespace() {
                match need.strip_prefix('~') {
                    Some(soft) => info.soft.push(soft.to_owned()),
                    None => info.depends.push(need.to_owned()),
                }
            }
            (file.to_owned(), info)
        })
        .collect();
    let catalogue = Catalogue::new(builtin, modules.keys().cloned());
    let read = |file: &str| {
        let info = &modules[file];
        Ok(ModuleInfo {
            depends: info.depends.clone(),
            soft: info.soft.clone(),
        })
    };
    catalogue
        .load_order(read)
        .map(|order| order.into_iter().map(|(_, file)| file).collect())
        .map_err(|missing: Missing<()>| match missing {
            Missing::Modules(missing) => missing,
            Missing::Read(()) => unreachable!("reading does not fail here"),
        })
}

const BUILTIN: &str = "kernel/fs/ext4/ext4.ko\nkernel/fs/erofs/erofs.ko\nkernel/drivers/virtio/virtio-mmio.ko\n\
                       kernel/drivers/block/virtio_blk.ko\nkernel/virtio_console.ko\n";

#[test]
fn modules_load_after_those_they_depend_on() {
    let order = load_order(
        "kernel/fs/ext4/ext4.ko\nkernel/fs/erofs/erofs.ko\n",
        "virtio.ko: virtio_ring
         virtio_ring.ko:
         virtio_mmio.ko.xz: virtio virtio_ring
         virtio_blk.ko: virtio
         virtio_console.ko: virtio
         overlay.ko:
         unrelated.ko: virtio
         virtio-rng.ko: virtio",
    );
    let expected = [
        "virtio_ring.ko",
        "virtio.ko",
        "virtio_mmio.ko.xz",
        "virtio_console.ko",
        "overlay.ko",
        "virtio-rng.ko",
        "virtio_blk.ko",
    ];
    assert_eq!(order.unwrap(), expected);
}

#[test]
fn everything_that_lacks_is_listed_and_built_in_is_as_good() {
    let order = load_order(BUILTIN, "");
    assert_eq!(order.unwrap_err(), ["overlay"]);
    let order = load_order(BUILTIN, "overlay.ko: alpha beta\nbeta.ko: gamma");
    assert_eq!(order.unwrap_err(), ["alpha", "gamma"]);
    let order = load_order(&format!("{BUILTIN}kernel/overlay.ko"), "");
    assert_eq!(order.unwrap(), [""; 0]);
}

#[test]
fn optional_modules_come_whole_or_not_at_all() {
    let order = load_order(
        BUILTIN,
        "overlay.ko:\nvirtio_rng.ko: helper absent\nhelper.ko:",
    );
    assert_eq!(order.unwrap(), ["overlay.ko"]);
    let order = load_order(BUILTIN, "overlay.ko:\nvirtio_rng.ko: helper\nhelper.ko:");
    assert_eq!(order.unwrap(), ["overlay.ko", "helper.ko", "virtio_rng.ko"]);
}

#[test]
fn soft_dependencies_resolve_to_the_module_of_the_algorithm() {
    let modules = "overlay.ko: ~crypto_crc32c ~nowhere\ncrc32c_generic.ko:\ncrc32c_intel.ko:";
    assert_eq!(
        load_order(BUILTIN, modules).unwrap(),
        ["crc32c_generic.ko", "overlay.ko"]
    );
    let builtin = format!("{BUILTIN}kernel/crypto/crc32c_generic.ko");
    assert_eq!(load_order(&builtin, modules).unwrap(), ["overlay.ko"]);
}

#[test]
fn a_loop_of_dependencies_ends() {
    let modules = "overlay.ko: a\na.ko: b\nb.ko: a overlay";
    assert_eq!(
        load_order(BUILTIN, modules).unwrap(),
        ["b.ko", "a.ko", "overlay.ko"]
    );
}

proptest! {
    /// Any graph, with cycles, is ordered quickly, with each module at most once.
    #[test]
    fn any_graph_has_an_order(edges in proptest::collection::vec((0..40_usize, 0..40_usize), 0..400)) {
        let names: Vec<String> = WANTED
            .iter()
            .flat_map(|(_, _, names)| *names)
            .map(|name| (*name).to_owned())
            .chain((0..33).map(|index| format!("m{index}")))
            .collect();
        let mut text = String::new();
        for (index, name) in names.iter().enumerate() {
            let needs = edges.iter().filter(|(from, _)| *from == index);
            let needs: Vec<&str> = needs.map(|(_, to)| names[*to].as_str()).collect();
            text.push_str(&format!("{name}.ko: {}\n", needs.join(" ")));
        }
        let order = load_order("", &text).unwrap();
        let mut unique = order.clone();
        unique.sort();
        unique.dedup();
        prop_assert_eq!(unique.len(), order.len());
        let mut required = WANTED.iter().filter(|(_, need, _)| *need == Need::Required);
        let whole = required.all(|(_, _, names)| {
            names.iter().all(|name| order.contains(&format!("{name}.ko")))
        });
        prop_assert!(whole);
    }
}
