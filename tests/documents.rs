//! Types the commands of README and guide, page by page, as a reader would.
//!
//! Blocks of the language `sh` are typed, and every command must succeed. In blocks of the language
//! `console`, lines that begin with `$ ` are typed and the lines below are compared with what comes.
//! `docs/design/tests.md` has the rules.

mod block;
mod compare;
mod page;
mod split;

use std::path::{Path, PathBuf};

use block::Block;
use page::Page;

use crate::support::World;

/// The most blocks that all pages together may leave untyped.
const MOST_IGNORED: usize = 8;

/// Makes a test of each page, and the list of their paths.
macro_rules! pages {
    ($($name:ident: $path:literal,)*) => {
        const PAGES: &[&str] = &[$($path),*];
        $(
            #[test]
            fn $name() {
                Page::read(&root().join($path)).type_all();
            }
        )*
    };
}

pages! {
    readme: "README.md",
    artifacts: "docs/guide/artifacts.md",
    catalogue: "docs/guide/catalogue.md",
    client: "docs/guide/client.md",
    daemon: "docs/guide/daemon.md",
    machines: "docs/guide/machines.md",
    machine_security: "docs/guide/machine-security.md",
    mirror: "docs/guide/mirror.md",
    network: "docs/guide/network.md",
    packs: "docs/guide/packs.md",
    policy: "docs/guide/policy.md",
    registry: "docs/guide/registry.md",
    registry_collection: "docs/guide/registry-collection.md",
    registry_operations: "docs/guide/registry-operations.md",
    registry_security: "docs/guide/registry-security.md",
    rootfs: "docs/guide/rootfs.md",
    run: "docs/guide/run.md",
    secrets: "docs/guide/secrets.md",
    variants: "docs/guide/variants.md",
}

#[test]
fn every_page_with_commands_is_typed() {
    let mut typed = Vec::new();
    for path in all_pages() {
        let blocks = Block::all(&std::fs::read_to_string(root().join(&path)).unwrap());
        if blocks.iter().any(Block::is_typed) {
            typed.push(path);
        }
    }
    let mut expected = PAGES.to_vec();
    expected.sort_unstable();
    assert_eq!(typed, expected);
}

#[test]
fn few_blocks_are_left_out_and_each_says_why() {
    let mut ignored = Vec::new();
    for path in all_pages() {
        for block in Block::all(&std::fs::read_to_string(root().join(&path)).unwrap()) {
            if let Some(reason) = block.ignored {
                ignored.push(format!("{path}:{}: {reason}", block.line));
            }
        }
    }
    println!(
        "{} blocks are not typed:\n{}",
        ignored.len(),
        ignored.join("\n")
    );
    assert!(ignored.len() <= MOST_IGNORED, "{ignored:#?}");
}

#[test]
#[should_panic(expected = "page.md:3: 'a' in place of 'b'")]
fn other_output_is_a_fault() {
    type_text("```console\n$ export A=a\n$ echo $A\nb\n```\n");
}

#[test]
#[should_panic(expected = "page.md:3: exit status 1")]
fn a_failure_is_a_fault() {
    type_text("```sh\ntrue\n! true\n```\n");
}

fn type_text(text: &str) {
    let world = World::new();
    Page::read(&world.write("page.md", text)).type_all();
}

/// README and guide, as paths from the repository's root, sorted.
fn all_pages() -> Vec<String> {
    let guide = std::fs::read_dir(root().join("docs/guide")).unwrap();
    let names = guide.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut pages: Vec<String> = names.map(|name| format!("docs/guide/{name}")).collect();
    pages.push("README.md".to_owned());
    pages.sort_unstable();
    pages
}

/// The repository's root.
fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.join("../..").canonicalize().unwrap()
}
