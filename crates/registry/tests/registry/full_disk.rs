//! Tests a disk that is full: pushes are refused, and what is there can be deleted.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use lazaret_content::SystemClock;
use lazaret_content::collect::{Collector, Settings, retention::Retention};
use lazaret_registry::{Root, Source};
use lazaret_testing::program::tool;

use crate::support::Served;

const MIB: usize = 1024 * 1024;
const SETTINGS: &str = "listen = [\"127.0.0.1:0\"]\nreserve = \"8MiB\"\n\
    [metrics]\npublic = true\n";
/// Longer than the answer of a probe is reused.
const STALE: Duration = Duration::from_millis(1100);

/// Collects everything that nothing names, at once.
fn collect(source: &Source) -> u64 {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let stores = source.open_stores().await.unwrap();
        let collector = Collector::new(
            stores.database,
            stores.objects,
            Arc::new(SystemClock),
            Settings {
                grace: Duration::ZERO,
                garbage_grace: Duration::ZERO,
                ..Settings::default()
            },
            Retention { rules: Vec::new() },
        );
        collector.run(&mut |_, _| {}).await.unwrap().bytes_reclaimed
    })
}

fn is_full(served: &Served) -> bool {
    std::thread::sleep(STALE);
    let ready = served.get("/readyz");
    let measured = String::from_utf8(served.get("/metrics").body).unwrap();
    let is_full = ready.status == 503;
    assert_eq!(
        is_full,
        ready.json().to_string().contains("full"),
        "{ready:?}"
    );
    assert_eq!(is_full, measured.contains("\nlazaret_storage_full 1\n"));
    is_full
}

fn fill_and_free(disk: &Path) {
    let file = disk.join("registry.toml");
    std::fs::write(&file, SETTINGS).unwrap();
    let source = Source {
        file: Some(file),
        root: Root::Lasting(disk.join("registry")),
        ..Source::default()
    };
    let served = Served::start(source.clone());
    let (_, digest) = served.push_image("a", "v1");
    assert!(!is_full(&served));
    let push = |number: usize, size: usize| {
        let content = vec![u8::try_from(number).unwrap(); size];
        let digest = lazaret_oci::Digest::of(&content);
        let path = format!("/v2/a/blobs/uploads/?digest={digest}");
        (served.send("POST", &path, &[], &content), digest)
    };
    let mut pushed = Vec::new();
    let refused = loop {
        let (reply, digest) = push(pushed.len(), 4 * MIB);
        if reply.status != 201 {
            break reply;
        }
        pushed.push(digest);
    };
    refused.is_error(507, "INSUFFICIENT_STORAGE");
    let large = pushed.len();
    assert!(large > 5, "{large}");
    // Smaller ones still fit, but not for long.
    let refused = loop {
        let (reply, digest) = push(pushed.len(), MIB / 4);
        if reply.status != 201 {
            break reply;
        }
        pushed.push(digest);
    };
    refused.is_error(507, "INSUFFICIENT_STORAGE");
    served
        .put_manifest("a", "v2", &crate::support::image())
        .is_error(507, "INSUFFICIENT_STORAGE");
    assert!(is_full(&served));
    // Something else takes the last byte.
    let foreign = disk.join("foreign");
    let mut rest = std::fs::File::create(&foreign).unwrap();
    std::io::copy(&mut std::io::repeat(1), &mut rest).unwrap_err();
    assert_eq!(served.get("/v2/a/manifests/v1").status, 200);
    let delete = |path: &str| {
        let reply = served.send("DELETE", path, &[], b"");
        assert_eq!(reply.status, 202, "{reply:?}");
    };
    for digest in &pushed {
        delete(&format!("/v2/a/blobs/{digest}"));
    }
    delete(&format!("/v2/a/manifests/{digest}"));
    assert!(collect(&source) >= (large * 4 * MIB) as u64);
    assert!(!is_full(&served));
    std::fs::remove_file(foreign).unwrap();
    assert_eq!(push(0, 4 * MIB).0.status, 201);
    served.push_image("a", "v1");
    served.stop();
}

#[test]
fn a_full_disk_can_be_freed() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: only root mounts");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let disk = folder.path().join("disk");
    std::fs::create_dir(&disk).unwrap();
    let target = disk.to_str().unwrap();
    tool("mount", &["-t", "tmpfs", "-o", "size=80m", "tmpfs", target]);
    let outcome = std::panic::catch_unwind(|| fill_and_free(&disk));
    tool("umount", &[target]);
    outcome.unwrap();
}
