//! Pages of listings: referrers, tags, repositories, types. A registry may link one after another.

use std::process::Command;
use std::sync::Arc;

use lazaret_client::{Anonymous, Client, Options};
use lazaret_oci::{Digest, Reference};
use lazaret_testing::http::{Answer, Peer};

use super::bombs::repeat;
use super::cost::{Cost, LARGEST, check};
use crate::support::World;

/// Set for the process that reads; its value is the reference of the listing.
const INPUT: &str = "LAZARET_TEST_PAGES";

/// Not a test by itself: what [`pages`] runs in a process of its own.
#[test]
fn reader_of_pages() {
    let Ok(reference) = std::env::var(INPUT) else {
        return;
    };
    let reference: Reference = reference.parse().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let client = Client::new(Options::default(), Arc::new(Anonymous)).unwrap();
        let subject = Digest::of(b"subject");
        let found = client.referrers(&reference, &subject, None).await;
        eprintln!("error or not: {:?}", found.map(|found| found.len()));
        let found = client.tags(&reference).await;
        eprintln!("error or not: {:?}", found.map(|found| found.len()));
        let found = client.catalog(&reference.registry).await;
        eprintln!("error or not: {:?}", found.map(|found| found.len()));
    });
}

/// Answers every listing with one page; with `linked`, each names a next one.
fn check_pages(name: &str, page: Vec<u8>, linked: bool) {
    assert!(page.len() <= LARGEST);
    let peer = Peer::start(move |seen| {
        let answer = Answer::new(200).with("Content-Type", "application/json");
        let answer = match linked {
            true => answer.with("Link", format!("<{}&next>; rel=\"next\"", seen.target)),
            false => answer,
        };
        answer.body(&page)
    });
    let world = World::new();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["limits::pages::reader_of_pages", "--exact", "--nocapture"]);
    let idle = Cost::of(&command, &world).kib();
    command.env(INPUT, format!("{}/a/b:v1", peer.address));
    Cost::of(&command, &world).assert_bounded(&format!("pages: {name}"), idle);
    let address = peer.address.to_string();
    check(
        &format!("types: {name}"),
        &world.lazaret(),
        &world,
        &["types", &address],
    );
}

#[test]
fn pages() {
    let descriptor = format!(
        "{{\"mediaType\":\"\",\"digest\":\"{}\",\"size\":0}},",
        Digest::of(b"x")
    );
    let noted = |notes: &str| {
        let entry = descriptor.replace(
            "\"size\":0",
            &format!("\"size\":0,\"annotations\":{{{notes}}}"),
        );
        let last = entry.trim_end_matches(',').to_owned() + "]}";
        repeat(
            b"{\"schemaVersion\":2,\"manifests\":[",
            entry.as_bytes(),
            last.as_bytes(),
        )
    };
    let notes: Vec<String> = (0..LARGEST / 15)
        .map(|number| format!("\"{number:06}\":\"\""))
        .collect();
    let lists = [
        ("referrers", noted("")),
        ("referrers with notes", noted(&notes[..100].join(","))),
        ("one referrer of notes", {
            let many = notes[..notes.len() - 100].join(",");
            noted(&many)
        }),
        (
            "tags",
            repeat(b"{\"name\":\"a/b\",\"tags\":[", b"\"a\",", b"\"a\"]}"),
        ),
        (
            "repositories",
            repeat(b"{\"repositories\":[", b"\"a\",", b"\"a\"]}"),
        ),
        (
            "types",
            repeat(b"{\"types\":[", b"{\"family\":\"a\"},", b"{}]}"),
        ),
        (
            "lists",
            repeat(b"{\"manifests\":[],\"a\":[", b"[],", b"0]}"),
        ),
        ("depth", repeat(b"{\"manifests\":", b"[", b"")),
    ];
    for (name, page) in lists {
        check_pages(name, page.clone(), false);
        check_pages(&format!("{name}, without end"), page, true);
    }
}
