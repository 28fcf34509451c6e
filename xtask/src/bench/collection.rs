//! Measures pushes while `lazaret registry gc` runs beside the server again and again, with much to
//! collect: every push takes over the tag of the one before.

use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::load::{self, Connection, Load, MANIFEST, digest, manifest, text};
use super::server::Server;
use super::tools::Bench;

const PUSHERS: usize = 8;
const SPAN: Duration = Duration::from_secs(20);
const LAYER: usize = 1 << 20;
/// Manifests are deleted a second after they have lost their tag.
const RETENTION: &str = r#"[{"repositories": ["**"], "delete_untagged_after": "1s"}]"#;

pub(super) fn run(bench: &Bench) -> Result<(), String> {
    let mut base = vec![0; LAYER];
    std::fs::File::open("/dev/urandom")
        .and_then(|mut random| std::io::Read::read_exact(&mut random, &mut base))
        .map_err(text)?;
    let server = Server::lazaret(bench, "collection")?;
    // The first span is a warm-up.
    push(&server, &base, 0)?;
    let idle = push(&server, &base, 1)?;
    let is_over = AtomicBool::new(false);
    let (busy, runs) = std::thread::scope(|scope| {
        let collecting = scope.spawn(|| -> Result<usize, String> {
            let mut runs = 0;
            while !is_over.load(Ordering::Relaxed) {
                let status = collect(bench)?.wait().map_err(text)?;
                if !status.success() {
                    return Err(format!("registry gc: {status}"));
                }
                runs += 1;
            }
            Ok(runs)
        });
        let busy = push(&server, &base, 2);
        is_over.store(true, Ordering::Relaxed);
        let runs = collecting.join().map_err(|_| "the collector panicked")??;
        Ok::<_, String>((busy?, runs))
    })?;
    println!("collection: 8 pushers of images of 1 MiB         idle  collecting  ratio");
    for (name, idle, busy) in [("p50", idle.p50, busy.p50), ("p99", idle.p99, busy.p99)] {
        println!(
            "  push {name:<36} {:9.2} {:9.2} ms {:6.2}",
            idle * 1e3,
            busy * 1e3,
            busy / idle
        );
    }
    let rate = |load: &Load| load.requests as f64 / load.seconds;
    println!(
        "  pushes a second {:34.0} {:9.0}    {:6.2}    ({runs} collections)",
        rate(&idle),
        rate(&busy),
        rate(&busy) / rate(&idle)
    );
    Ok(())
}

fn collect(bench: &Bench) -> Result<Child, String> {
    let root = bench.path("collection");
    bench
        .lazaret(&[
            "registry",
            "gc",
            "--root",
            &root,
            "--grace",
            "2s",
            "--garbage-grace",
            "1s",
        ])
        .env("LAZARET_SERVE_RETENTION", RETENTION)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(text)
}

fn push(server: &Server, base: &[u8], span: u64) -> Result<Load, String> {
    load::run(
        &server.address,
        PUSHERS,
        SPAN,
        u64::MAX,
        |c, worker, number| {
            let mut layer = base.to_vec();
            let mark = [span, worker as u64, number].map(u64::to_le_bytes).concat();
            layer[..mark.len()].copy_from_slice(&mark);
            push_image(c, worker, &layer)?;
            Ok(layer.len() as u64)
        },
    )
}

fn push_image(connection: &mut Connection, worker: usize, layer: &[u8]) -> Result<(), String> {
    let name = format!("bench/{}", worker % 4);
    for blob in [b"{}".as_slice(), layer] {
        connection.push(&name, &digest(&[blob]), &[blob])?;
    }
    let manifest = manifest(b"{}", &[layer], "");
    let path = format!("/v2/{name}/manifests/v{worker}");
    connection.send("PUT", &path, MANIFEST, &[manifest.as_bytes()])?;
    Ok(())
}
