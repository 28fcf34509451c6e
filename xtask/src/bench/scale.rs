//! Measures requests with a million tags in a repository and 100,000 repositories, against ten of
//! each. All of them are pushed.

use std::time::Duration;

use super::load::{self, Connection, MANIFEST, digest, manifest};
use super::server::Server;
use super::tools::Bench;

/// Number of tags in one request: the most that the registry accepts.
const TAGS_AT_ONCE: usize = 100;
const CONNECTIONS: usize = 16;
const SPAN: Duration = Duration::from_secs(3);

/// Number of tags and of repositories.
const FEW: (usize, usize) = (10, 10);
const MANY: (usize, usize) = (1_000_000, 100_000);

pub(super) fn run(bench: &Bench) -> Result<(), String> {
    let few = measure(bench, "scale-few", FEW)?;
    let many = measure(bench, "scale-many", MANY)?;
    println!("scale: median of one connection, us          ten   1e6 tags, 1e5 repositories");
    for ((name, few), (_, many)) in few.into_iter().zip(many) {
        println!("  {name:<36} {few:9.0} {many:9.0} {:6.2}", many / few);
    }
    Ok(())
}

type Row = (&'static str, f64);

fn measure(
    bench: &Bench,
    folder: &str,
    (tags, repositories): (usize, usize),
) -> Result<Vec<Row>, String> {
    let server = Server::lazaret(bench, folder)?;
    fill(&server, tags, repositories)?;
    let of = |request: &(dyn Fn(&mut Connection, u64) -> Result<u64, String> + Sync)| {
        let load = load::run(&server.address, 1, SPAN, u64::MAX, |c, _, number| {
            request(c, number)
        });
        Ok::<_, String>(load?.p50 * 1e6)
    };
    let (tag, repository) = (tags / 2, repositories / 2);
    let tag_page = format!("/v2/big/tags/list?n=10&last=t{}", tag / 2);
    let catalog_page = format!("/v2/_catalog?n=10&last=r{}", repository / 2);
    let by_tag = format!("/v2/big/manifests/t{tag}");
    let blob = format!("/v2/r{repository}/blobs/{}", digest(&[b"{}"]));
    Ok(vec![
        ("page of 10 tags", of(&|c, _| c.get(&tag_page))?),
        ("page of 10 repositories", of(&|c, _| c.get(&catalog_page))?),
        ("manifest by tag", of(&|c, _| c.get(&by_tag))?),
        ("blob of a repository", of(&|c, _| c.get(&blob))?),
        (
            "push of an image under a tag",
            of(&|c, number| {
                let layer = number.to_le_bytes();
                c.push("big", &digest(&[&layer]), &[&layer])?;
                let manifest = manifest(b"{}", &[&layer], "");
                put(c, &format!("/v2/big/manifests/new{number}"), &manifest)
            })?,
        ),
    ])
}

fn fill(server: &Server, tags: usize, repositories: usize) -> Result<(), String> {
    let manifest = manifest(b"{}", &[], "");
    let (name, config) = (digest(&[manifest.as_bytes()]), digest(&[b"{}"]));
    Connection::open(&server.address)?.push("big", &config, &[b"{}"])?;
    let share = |all: usize, worker: usize| (worker..all).step_by(CONNECTIONS);
    load::run(
        &server.address,
        CONNECTIONS,
        Duration::MAX,
        1,
        |c, worker, _| {
            for request in share(tags.div_ceil(TAGS_AT_ONCE), worker) {
                let first = request * TAGS_AT_ONCE;
                let tags = (first..tags.min(first + TAGS_AT_ONCE)).map(|tag| format!("tag=t{tag}"));
                let query = tags.collect::<Vec<_>>().join("&");
                put(c, &format!("/v2/big/manifests/{name}?{query}"), &manifest)?;
            }
            for repository in share(repositories, worker) {
                let path = format!("/v2/r{repository}/blobs/uploads/?mount={config}&from=big");
                c.send("POST", &path, "application/octet-stream", &[])?;
                put(c, &format!("/v2/r{repository}/manifests/v1"), &manifest)?;
            }
            Ok(0)
        },
    )?;
    Ok(())
}

fn put(connection: &mut Connection, path: &str, manifest: &str) -> Result<u64, String> {
    connection.send("PUT", path, MANIFEST, &[manifest.as_bytes()])?;
    Ok(manifest.len() as u64)
}
