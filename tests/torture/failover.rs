//! A replica dies in the middle of a chunk; another one completes the upload.

use std::io::Write as _;
use std::time::{Duration, Instant};

use lazaret_oci::Digest;
use lazaret_testing::http::connect;

use crate::content;
use crate::races::{Shared, replicas};

/// Longest time to wait: more than the lease of the dead replica.
const PATIENCE: Duration = Duration::from_secs(120);
/// Size of the first chunk, in bytes: more than one part of a multipart upload.
const FIRST: usize = 6 << 20;
const SECOND: usize = 3 << 20;

#[test]
fn the_other_replica_ends_an_upload_of_a_dead_one() {
    std::thread::scope(|scope| {
        for shared in [Shared::Folder, Shared::Services] {
            scope.spawn(move || fail_over(shared));
        }
    });
}

fn fail_over(shared: Shared) {
    let folder = tempfile::tempdir().unwrap();
    let [dying, other] = replicas(shared, folder.path());
    let blob = content::bytes(crate::seed("failover"), FIRST + SECOND);
    let session = content::start(dying.address, "a").unwrap();
    let reply = content::patch(dying.address, &session, 0, &blob[..FIRST]).unwrap();
    assert_eq!(reply.status, 202, "{reply:?}");
    // Half of the next chunk arrives, then nothing more.
    let head = format!(
        "PATCH {session} HTTP/1.1\r\nHost: x\r\nContent-Length: {SECOND}\r\nContent-Range: {FIRST}-{}\r\n\r\n",
        FIRST + SECOND - 1
    );
    let mut stream = connect(dying.address).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&blob[FIRST..FIRST + SECOND / 2]).unwrap();
    std::thread::sleep(Duration::from_millis(500));
    dying.kill();

    // Exactly the acknowledged bytes are there.
    let status = other.get(&session);
    assert_eq!(status.status, 204, "{shared:?}: {status:?}");
    let range = status.header("range").unwrap();
    assert_eq!(range, format!("0-{}", FIRST - 1), "{shared:?}");
    let started = Instant::now();
    loop {
        let reply = content::patch(other.address, &session, FIRST, &blob[FIRST..]).unwrap();
        if reply.status == 202 {
            break;
        }
        // The dead replica's claim expires.
        reply.is_refusal(&[409, 429, 503], "a claimed upload");
        assert!(started.elapsed() < PATIENCE, "{shared:?}: {reply:?}");
        std::thread::sleep(Duration::from_millis(500));
    }
    let digest = Digest::of(&blob);
    let reply = content::finish(other.address, &session, &digest, b"").unwrap();
    assert_eq!(reply.status, 201, "{shared:?}: {reply:?}");
    let reply = other.get(&format!("/v2/a/blobs/{digest}"));
    assert!(reply.body == blob, "{shared:?}: other bytes came back");
}
