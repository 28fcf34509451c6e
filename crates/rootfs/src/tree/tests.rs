//! Tests that costs are bounded for any input. The semantics are tested on whole disks.

use super::{Attributes, Kind, NodeId, Tree};
use crate::options::Limits;
use crate::path::TreePath;

const ROOT: NodeId = Tree::ROOT;

fn path(name: &str) -> TreePath {
    TreePath::parse(name.as_bytes()).unwrap()
}

/// This would take hours if each name searched its siblings.
#[test]
fn half_a_million_siblings() {
    let mut tree = Tree::new(Limits::default(), Attributes::new(0o755));
    for n in 0..500_000u32 {
        let name = path(&format!("dir/{:x}", n.wrapping_mul(2_654_435_761)));
        tree.add(ROOT, &name, Kind::Fifo, Attributes::new(0o644))
            .unwrap();
    }
    tree.begin_layer();
    tree.whiteout(ROOT, &path(""), b"dir").unwrap();
    assert!(tree.child(ROOT, b"dir").is_none());
}

#[test]
fn the_remembered_parent_does_not_outlive_a_change() {
    let mut tree = Tree::new(Limits::default(), Attributes::new(0o755));
    let add = |tree: &mut Tree, name: &str, kind| {
        tree.add(ROOT, &path(name), kind, Attributes::new(0o644))
            .unwrap();
    };
    add(&mut tree, "a/x", Kind::Fifo);
    add(&mut tree, "b/x", Kind::Fifo);
    add(&mut tree, "l", Kind::Symlink((*b"a").into()));
    add(&mut tree, "l/1", Kind::Fifo);
    // The link's target changes between two names below it.
    add(&mut tree, "l", Kind::Symlink((*b"b").into()));
    add(&mut tree, "l/2", Kind::Fifo);
    let child = |name: &[u8]| tree.child(ROOT, name).unwrap().node;
    assert!(tree.child(child(b"a"), b"1").is_some());
    assert!(tree.child(child(b"b"), b"2").is_some());
}
