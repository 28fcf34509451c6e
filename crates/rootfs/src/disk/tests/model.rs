//! Tests random layers against a plain model of the specification.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::tests::{Dump, Seen, Tar, spec, try_build};

/// One entry of a random layer. Numbers choose among few names, so that entries collide.
#[derive(Debug, Clone)]
enum Op {
    Dir(Vec<u8>, u16),
    File(Vec<u8>, u8),
    Symlink(Vec<u8>),
    Hardlink(Vec<u8>, Vec<u8>),
    Whiteout(Vec<u8>),
    Opaque(Vec<u8>),
}

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

fn path(choices: &[u8]) -> String {
    choices
        .iter()
        .map(|&n| NAMES[n as usize])
        .collect::<Vec<_>>()
        .join("/")
}

fn any_path(depth: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(0u8..4, 1..=depth)
}

fn any_op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => (any_path(3), 0o700u16..0o760).prop_map(|(p, m)| Op::Dir(p, m)),
        5 => (any_path(4), any::<u8>()).prop_map(|(p, c)| Op::File(p, c)),
        1 => any_path(3).prop_map(Op::Symlink),
        2 => (any_path(3), any_path(3)).prop_map(|(p, t)| Op::Hardlink(p, t)),
        3 => any_path(3).prop_map(Op::Whiteout),
        1 => prop::collection::vec(0u8..4, 0..3).prop_map(Op::Opaque),
    ]
}

#[derive(Debug, Clone, PartialEq)]
enum What {
    Dir(u16),
    File { content: u8, id: usize },
    Symlink,
}

/// The reference model: a map from full names to files, slow but close to the specification.
#[derive(Default, Clone)]
struct Model {
    files: BTreeMap<String, (What, usize)>,
    next: usize,
}

impl Model {
    fn parents(path: &str) -> impl Iterator<Item = &str> {
        path.match_indices('/').map(|(at, _)| &path[..at])
    }

    /// Whether an entry may be applied: its parents are directories or missing, and the target of a
    /// link is a file that no whiteout of the same layer has touched.
    fn accepts(&self, op: &Op) -> bool {
        let clear = |p: &str| {
            Self::parents(p)
                .all(|parent| matches!(self.files.get(parent), None | Some((What::Dir(_), _))))
        };
        match op {
            Op::Dir(p, _) | Op::File(p, _) | Op::Symlink(p) => clear(&path(p)),
            Op::Whiteout(p) => clear(&path(p)),
            Op::Opaque(p) => clear(&(path(p) + "/x")),
            Op::Hardlink(p, target) => {
                clear(&path(p))
                    && matches!(
                        self.files.get(&path(target)),
                        Some((What::File { .. } | What::Symlink, _))
                    )
            }
        }
    }

    fn remove(&mut self, path: &str) {
        let below = format!("{path}/");
        self.files
            .retain(|name, _| name != path && !name.starts_with(&below));
    }

    /// Hides the files of lower layers below a directory; a directory stays while it is not empty.
    fn hide(&mut self, prefix: &str, layer: usize) {
        let inside = |name: &str| name.starts_with(prefix);
        let current: Vec<String> = self
            .files
            .iter()
            .filter(|(name, (_, made))| inside(name) && *made == layer)
            .map(|(name, _)| name.clone())
            .collect();
        self.files.retain(|name, (_, made)| {
            !inside(name) || *made == layer || {
                let below = format!("{name}/");
                current.iter().any(|kept| kept.starts_with(&below))
            }
        });
        for (name, (what, made)) in &mut self.files {
            if inside(name) && *made != layer {
                *what = What::Dir(0o755);
            }
        }
    }

    fn add(&mut self, path: &str, what: What, layer: usize) {
        for parent in Self::parents(path) {
            self.files
                .entry(parent.into())
                .or_insert((What::Dir(0o755), layer.wrapping_sub(1)));
        }
        let over = matches!(
            (&what, self.files.get(path)),
            (What::Dir(_), Some((What::Dir(_), _)))
        );
        if !over {
            self.remove(path);
        }
        self.files.insert(path.into(), (what, layer));
    }

    fn apply(&mut self, op: &Op, layer: usize) {
        match op {
            Op::Dir(p, mode) => self.add(&path(p), What::Dir(*mode), layer),
            Op::File(p, content) => {
                self.next += 1;
                let what = What::File {
                    content: *content,
                    id: self.next,
                };
                self.add(&path(p), what, layer);
            }
            Op::Symlink(p) => self.add(&path(p), What::Symlink, layer),
            Op::Hardlink(p, target) => {
                let what = self.files[&path(target)].0.clone();
                self.add(&path(p), what, layer);
            }
            Op::Whiteout(p) => {
                let path = path(p);
                self.hide(&format!("{path}/"), layer);
                let below = format!("{path}/");
                let kept = self.files.keys().any(|name| name.starts_with(&below));
                match self.files.get_mut(&path) {
                    Some((_, made)) if *made == layer => {}
                    Some((what, _)) if kept => *what = What::Dir(0o755),
                    _ => drop(self.files.remove(&path)),
                }
            }
            Op::Opaque(p) if p.is_empty() => self.hide("", layer),
            Op::Opaque(p) => {
                self.hide(&format!("{}/", path(p)), layer);
                if !self.files.contains_key(&path(p)) {
                    self.add(&path(p), What::Dir(0o755), layer);
                }
            }
        }
    }
}

fn write(tar: Tar, op: &Op) -> Tar {
    match op {
        Op::Dir(p, mode) => tar.entry(spec(b'5', path(p)).mode((*mode).into())),
        Op::File(p, content) => tar.file(path(p), vec![*content; 1 + *content as usize * 50]),
        Op::Symlink(p) => tar.symlink(path(p), "nowhere"),
        Op::Hardlink(p, target) => tar.hardlink(path(p), path(target)),
        Op::Whiteout(p) => {
            let (last, parent) = p.split_last().unwrap();
            let name = format!("{}/.wh.{}", path(parent), NAMES[*last as usize]);
            tar.file(name, "")
        }
        Op::Opaque(p) => tar.file(format!("./{}/.wh..wh..opq", path(p)), ""),
    }
}

fn agrees(name: &str, what: &What, seen: &Seen) -> bool {
    match what {
        What::Dir(mode) => seen.kind == 'd' && seen.mode == u32::from(*mode),
        What::File { content, .. } => {
            let _ = name;
            seen.kind == '-' && seen.content == vec![*content; 1 + *content as usize * 50]
        }
        What::Symlink => seen.kind == 'l' && seen.content == b"nowhere",
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]
    #[test]
    fn random_layers_agree_with_the_model(
        stack in prop::collection::vec(prop::collection::vec(any_op(), 0..14), 1..5)
    ) {
        let mut model = Model::default();
        let mut layers = Vec::new();
        for (layer, ops) in stack.iter().enumerate() {
            let mut tar = Tar::new();
            for op in ops {
                if model.accepts(op) {
                    model.apply(op, layer + 1);
                    tar = write(tar, op);
                }
            }
            layers.push(tar.end());
        }
        let dump = Dump::of(&try_build(&layers).unwrap());
        let names: Vec<&String> = model.files.keys().collect();
        prop_assert_eq!(dump.names(), names.iter().map(|n| n.to_string()).collect::<Vec<_>>());
        let mut first_names = BTreeMap::new();
        for (name, (what, _)) in &model.files {
            let seen = dump.get(name);
            prop_assert!(agrees(name, what, seen), "{}: {:?}, not {:?}", name, seen.kind, what);
            if let What::File { id, .. } = what && dump.exact {
                let first = first_names.entry(*id).or_insert(name.clone());
                prop_assert_eq!(&seen.first_name, first.as_bytes());
            }
        }
    }
}
