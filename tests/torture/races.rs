//! Races of many clients on two replicas for the same content.
//!
//! Each race runs many times. Either side may win, but there must be only one winner, and
//! acknowledged changes must hold.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Barrier;

use lazaret_oci::Digest;
use lazaret_testing::http::{Reply, send};

use crate::content;
use crate::server::{Server, lazaret};
use crate::setting;

/// The addresses of the replicas, which have the same content.
type Replicas = [SocketAddr; 2];

fn rounds() -> u64 {
    setting("LAZARET_TORTURE_RACES", 10)
}

/// The stores that the replicas share.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shared {
    /// One folder: two processes use the same files.
    Folder,
    /// A PostgreSQL database and a bucket.
    Services,
}

/// Starts two replicas of one empty registry.
pub(crate) fn replicas(shared: Shared, folder: &Path) -> [Server; 2] {
    let root = folder.join("root");
    std::fs::create_dir(&root).unwrap();
    let arguments = match shared {
        Shared::Folder => vec!["--root".to_owned(), root.display().to_string()],
        Shared::Services => {
            let file = folder.join("registry.toml");
            std::fs::write(&file, services()).unwrap();
            vec!["--config".to_owned(), file.display().to_string()]
        }
    };
    ["first", "second"].map(|name| {
        let mut command = lazaret(&folder.join(name));
        command
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(&arguments);
        Server::try_start(command, &folder.join(name)).unwrap()
    })
}

/// A configuration with an empty database and an empty prefix in the bucket.
fn services() -> String {
    let database = lazaret_testing::postgres::database();
    let endpoint = lazaret_testing::moto::endpoint();
    let bucket = lazaret_testing::moto::BUCKET;
    let prefix = database.rsplit('/').next().unwrap();
    format!(
        r#"
        [metadata.postgres]
        url = "{database}"
        connections = 8
        [storage.s3]
        url = "s3://{bucket}/torture/{prefix}"
        [storage.s3.options]
        endpoint = "{endpoint}"
        region = "us-east-1"
        access_key_id = "test"
        secret_access_key = "test"
        "#
    )
}

/// Runs a race on two replicas that share a folder, then on two that share services.
fn race(run: impl Fn(&Replicas, u64)) {
    for shared in [Shared::Folder, Shared::Services] {
        let folder = tempfile::tempdir().unwrap();
        let servers = replicas(shared, folder.path());
        let addresses = [servers[0].address, servers[1].address];
        for round in 0..rounds() {
            run(&addresses, round);
        }
        for server in servers {
            let log = server.log();
            assert!(!log.contains("panicked"), "{shared:?}: {log}");
        }
    }
}

/// Runs `count` clients at the same moment; client `i` uses replica `i % 2`.
fn at_once<T: Send>(
    replicas: &Replicas,
    count: usize,
    work: impl Fn(usize, SocketAddr) -> T + Sync,
) -> Vec<T> {
    let barrier = Barrier::new(count);
    std::thread::scope(|scope| {
        let tasks: Vec<_> = (0..count)
            .map(|number| {
                let (barrier, work) = (&barrier, &work);
                scope.spawn(move || {
                    barrier.wait();
                    work(number, replicas[number % 2])
                })
            })
            .collect();
        tasks.into_iter().map(|task| task.join().unwrap()).collect()
    })
}

fn get(server: SocketAddr, path: &str) -> Reply {
    send(server, "GET", path, &[], b"").unwrap()
}

fn delete(server: SocketAddr, path: &str) -> u16 {
    send(server, "DELETE", path, &[], b"").unwrap().status
}

/// Whether a replica has the blob, whose content must be right.
fn has_blob(server: SocketAddr, name: &str, digest: &Digest) -> bool {
    let reply = get(server, &format!("/v2/{name}/blobs/{digest}"));
    match reply.status {
        200 => assert_eq!(Digest::of(&reply.body), *digest),
        404 => {}
        status => panic!("{name} {digest}: {status}"),
    }
    reply.status == 200
}

/// Whether a manifest is served, whose blobs must all exist.
fn is_whole(server: SocketAddr, name: &str, reference: &str) -> bool {
    let reply = get(server, &format!("/v2/{name}/manifests/{reference}"));
    if reply.status == 404 {
        return false;
    }
    assert_eq!(reply.status, 200, "{reply:?}");
    let blobs = content::blobs_of(&reply.body);
    assert!(
        blobs.iter().all(|blob| has_blob(server, name, blob)),
        "{reply:?}"
    );
    true
}

fn pushed(server: SocketAddr, name: &str, content: &[u8]) -> Digest {
    assert_eq!(content::push(server, name, content).unwrap().status, 201);
    Digest::of(content)
}

#[test]
fn a_chunk_has_one_winner() {
    race(|replicas, round| {
        let location = content::start(replicas[0], "chunks").unwrap();
        let mut whole = Vec::new();
        for step in 0..3 {
            let chunk = |number: usize| {
                let seed = (round << 16) | (step << 8) | number as u64;
                content::bytes(seed, 1 + usize::try_from(seed % 70_000).unwrap())
            };
            let first = whole.len();
            let statuses = at_once(replicas, 4, |number, server| {
                let reply = content::patch(server, &location, first, &chunk(number)).unwrap();
                assert!(matches!(reply.status, 202 | 409 | 416), "{reply:?}");
                reply.status
            });
            let won: Vec<_> = (0..4).filter(|number| statuses[*number] == 202).collect();
            assert_eq!(won.len(), 1, "{statuses:?}");
            whole.extend(chunk(won[0]));
            let status = get(replicas[1], &location);
            let last = format!("0-{}", whole.len() - 1);
            assert_eq!(status.header("range"), Some(&*last));
        }
        let digest = Digest::of(&whole);
        let reply = content::finish(replicas[1], &location, &digest, b"").unwrap();
        assert_eq!(reply.status, 201, "{reply:?}");
        assert!(has_blob(replicas[0], "chunks", &digest));
    });
}

#[test]
fn a_tag_is_always_whole() {
    race(|replicas, round| {
        let name = "tags";
        let config = pushed(replicas[0], name, b"{}").to_string();
        let manifests = at_once(replicas, 6, |number, server| {
            let layer = content::bytes((round << 8) | number as u64, 3_000);
            pushed(server, name, &layer);
            let manifest = content::manifest(b"{}", &[&layer], &config);
            let reply = content::put_manifest(server, name, "latest", &manifest).unwrap();
            assert_eq!(reply.status, 201, "{reply:?}");
            // Another client may have won: then there is a manifest, and it is complete.
            assert!(is_whole(server, name, "latest"));
            Digest::of(&manifest)
        });
        let [one, other] = replicas.map(|server| get(server, "/v2/tags/manifests/latest").body);
        assert_eq!(one, other);
        assert!(manifests.contains(&Digest::of(&one)));
        for digest in manifests {
            assert!(is_whole(replicas[0], name, &digest.to_string()));
        }
    });
}

#[test]
fn the_same_content_finished_at_once_is_there_for_everybody() {
    race(|replicas, round| {
        let whole = content::bytes(round, 100_000);
        let digest = Digest::of(&whole);
        let names = ["same", "same", "same/other", "same/other"];
        at_once(replicas, 4, |number, server| {
            let location = content::start(server, names[number]).unwrap();
            let reply = content::patch(server, &location, 0, &whole).unwrap();
            assert_eq!(reply.status, 202, "{reply:?}");
            let reply = content::finish(server, &location, &digest, b"").unwrap();
            assert_eq!(reply.status, 201, "{reply:?}");
        });
        for server in replicas {
            assert!(has_blob(*server, "same", &digest));
            assert!(has_blob(*server, "same/other", &digest));
        }
        assert_eq!(
            delete(replicas[0], &format!("/v2/same/blobs/{digest}")),
            202
        );
        assert!(!has_blob(replicas[1], "same", &digest));
        assert!(has_blob(replicas[1], "same/other", &digest));
    });
}

#[test]
fn a_mount_outlives_its_source() {
    race(|replicas, round| {
        let digest = pushed(replicas[0], "source", &content::bytes(round, 2_000));
        let target = format!("target/{round}");
        let path = format!("/v2/{target}/blobs/uploads/?mount={digest}&from=source");
        let statuses = at_once(replicas, 2, |number, server| match number {
            0 => send(server, "POST", &path, &[], b"").unwrap().status,
            _ => delete(server, &format!("/v2/source/blobs/{digest}")),
        });
        assert_eq!(statuses[1], 202);
        assert!(!has_blob(replicas[0], "source", &digest));
        match statuses[0] {
            201 => assert!(has_blob(replicas[1], &target, &digest)),
            202 => assert!(!has_blob(replicas[1], &target, &digest)),
            status => panic!("the mount is answered with {status}"),
        }
    });
}

#[test]
fn a_manifest_is_there_or_not_but_whole() {
    race(|replicas, round| {
        let name = "there";
        pushed(replicas[0], name, b"{}");
        let manifest = content::manifest(b"{}", &[], &round.to_string());
        let digest = Digest::of(&manifest);
        let tag = format!("v{round}");
        let path = format!("/v2/{name}/manifests/{digest}");
        at_once(replicas, 4, |number, server| {
            if number < 2 {
                let reply = content::put_manifest(server, name, &tag, &manifest).unwrap();
                assert_eq!(reply.status, 201, "{reply:?}");
            } else {
                assert!(matches!(delete(server, &path), 202 | 404));
            }
        });
        let tagged = is_whole(replicas[0], name, &tag);
        let there = is_whole(replicas[1], name, &digest.to_string());
        assert!(there || !tagged, "the tag points to nothing");
        assert_eq!(
            content::put_manifest(replicas[0], name, &tag, &manifest)
                .unwrap()
                .status,
            201
        );
        assert!(is_whole(replicas[1], name, &tag));
    });
}

#[test]
fn a_blob_that_a_manifest_names_stays() {
    race(|replicas, round| {
        let name = "named";
        pushed(replicas[0], name, b"{}");
        let layer = content::bytes(round, 500);
        let digest = pushed(replicas[0], name, &layer);
        let manifest = content::manifest(b"{}", &[&layer], "");
        let tag = format!("v{round}");
        let statuses = at_once(replicas, 2, |number, server| match number {
            0 => {
                content::put_manifest(server, name, &tag, &manifest)
                    .unwrap()
                    .status
            }
            _ => delete(server, &format!("/v2/{name}/blobs/{digest}")),
        });
        match (statuses[0], statuses[1]) {
            // The manifest was pushed first, so the blob stays.
            (201, refused) if refused != 202 => assert!(is_whole(replicas[1], name, &tag)),
            // The blob was deleted first.
            (404, 202) => assert!(!is_whole(replicas[1], name, &tag)),
            other => panic!("push and delete are answered with {other:?}"),
        }
    });
}

#[test]
fn an_upload_is_finished_or_cancelled() {
    race(|replicas, round| {
        let whole = content::bytes(round, 30_000);
        let digest = Digest::of(&whole);
        let name = format!("ends/{round}");
        let location = content::start(replicas[0], &name).unwrap();
        assert_eq!(
            content::patch(replicas[0], &location, 0, &whole)
                .unwrap()
                .status,
            202
        );
        let statuses = at_once(replicas, 2, |number, server| match number {
            0 => {
                content::finish(server, &location, &digest, b"")
                    .unwrap()
                    .status
            }
            _ => delete(server, &location),
        });
        match (statuses[0], statuses[1]) {
            (201, 404 | 409) => assert!(has_blob(replicas[1], &name, &digest)),
            (404 | 409, 204) => assert!(!has_blob(replicas[1], &name, &digest)),
            other => panic!("finish and cancel are answered with {other:?}"),
        }
        assert_eq!(get(replicas[0], &location).status, 404);
    });
}

#[test]
fn a_finish_that_comes_twice_makes_one_blob() {
    race(|replicas, round| {
        let whole = content::bytes(round, 30_000);
        let digest = Digest::of(&whole);
        let location = content::start(replicas[0], "twice").unwrap();
        assert_eq!(
            content::patch(replicas[1], &location, 0, &whole)
                .unwrap()
                .status,
            202
        );
        let statuses = at_once(replicas, 2, |_, server| {
            content::finish(server, &location, &digest, b"")
                .unwrap()
                .status
        });
        assert!(statuses.contains(&201), "{statuses:?}");
        assert!(
            statuses
                .iter()
                .all(|status| matches!(status, 201 | 404 | 409)),
            "{statuses:?}"
        );
        assert!(has_blob(replicas[0], "twice", &digest));
    });
}

/// The first replica dies; the second one knows how many bytes the upload has.
#[test]
fn an_upload_goes_on_where_its_replica_died() {
    for shared in [Shared::Folder, Shared::Services] {
        let folder = tempfile::tempdir().unwrap();
        let [first, second] = replicas(shared, folder.path());
        let whole = content::bytes(1, 250_000);
        let location = content::start(first.address, "moves").unwrap();
        let reply = content::patch(first.address, &location, 0, &whole[..100_000]).unwrap();
        assert_eq!(reply.status, 202, "{reply:?}");
        first.kill();
        let status = get(second.address, &location);
        let found = (status.status, status.header("range"));
        assert_eq!(found, (204, Some("0-99999")));
        let rest = &whole[100_000..];
        let reply = content::patch(second.address, &location, 100_000, rest).unwrap();
        assert_eq!(reply.status, 202, "{reply:?}");
        let digest = Digest::of(&whole);
        let reply = content::finish(second.address, &location, &digest, b"").unwrap();
        assert_eq!(reply.status, 201, "{reply:?}");
        assert!(has_blob(second.address, "moves", &digest));
    }
}
