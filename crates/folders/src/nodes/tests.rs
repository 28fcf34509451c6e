use std::os::fd::AsFd as _;
use std::path::Path;

use super::*;
use crate::attributes::{Known, Owners};

/// The identity of a new file.
fn identity(folder: &Path, name: &str) -> Identity {
    let file = std::fs::File::create(folder.join(name)).unwrap();
    Known::of(file.as_fd(), &Owners::of_this_process())
        .unwrap()
        .identity
}

fn name(text: &str) -> Name<'_> {
    Name::new(text.as_bytes()).unwrap()
}

fn paths(nodes: &Nodes, number: u64) -> Vec<String> {
    let paths = nodes.paths(number);
    paths.map(|path| String::from_utf8(path).unwrap()).collect()
}

#[test]
fn a_node_is_reached_by_each_of_its_names_until_it_is_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let [above, file] = ["above", "file"].map(|name| identity(folder.path(), name));
    let mut nodes = Nodes::default();
    let parent = nodes.remember(above, ROOT, name("above")).unwrap();
    let node = nodes.remember(file, parent, name("a")).unwrap();
    assert_eq!(nodes.remember(file, ROOT, name("b")), Ok(node));
    assert_eq!(paths(&nodes, node), ["b", "above/a"]);
    nodes.remove_name(above, ROOT, name("above"));
    nodes.add_name(above, ROOT, name("moved"));
    assert_eq!(paths(&nodes, node), ["b", "moved/a"]);
    nodes.remove_name(file, ROOT, name("b"));
    assert_eq!(paths(&nodes, node), ["moved/a"]);
    // It was looked up twice.
    nodes.forget(node, 1);
    assert_eq!(nodes.identity(node), Some(file));
    nodes.forget(node, 1);
    assert_eq!(nodes.identity(node), None);
    assert!(paths(&nodes, node).is_empty());
    nodes.forget(parent, u64::MAX);
    assert_eq!(
        (nodes.memory, nodes.known.len(), nodes.numbers.len()),
        (0, 0, 0)
    );
    assert_ne!(nodes.remember(file, ROOT, name("b")), Ok(node));
}

#[test]
fn what_a_guest_does_not_forget_is_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let file = identity(folder.path(), "file");
    let mut nodes = Nodes::default();
    // Ever more names of one file.
    for number in 0..1000 {
        nodes
            .remember(file, ROOT, name(&number.to_string()))
            .unwrap();
    }
    assert!(nodes.memory < 1000, "{}", nodes.memory);
    nodes.memory = MOST_MEMORY + 1;
    assert!(nodes.remember(file, ROOT, name("known")).is_ok());
    let other = identity(folder.path(), "other");
    assert_eq!(
        nodes.remember(other, ROOT, name("other")),
        Err(Errno::NOMEM)
    );
}

#[test]
fn folders_in_a_circle_have_no_path() {
    let folder = tempfile::tempdir().unwrap();
    let [a, b] = ["a", "b"].map(|name| identity(folder.path(), name));
    let mut nodes = Nodes::default();
    let first = nodes.remember(a, ROOT, name("a")).unwrap();
    let second = nodes.remember(b, first, name("b")).unwrap();
    nodes.add_name(a, second, name("a"));
    assert!(paths(&nodes, second).is_empty());
}
