//! Measures `lazaret serve` against docker-registry: both store files with fsync, get random data,
//! and are driven by the same load generator on this machine.

use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};

use lazaret_testing::nginx::Nginx;

use super::load::{self, Connection, Load, MANIFEST, digest, manifest, text};
use super::server::Server;
use super::tools::Bench;

const MEGABYTES_100: usize = 100_000_000;
/// Time for which each rate is measured.
const SPAN: Duration = Duration::from_secs(5);
/// Number of parallel pushes and pulls.
const CROWD: usize = 64;

pub(super) fn run(bench: &Bench) -> Result<(), String> {
    let mut base = vec![0; MEGABYTES_100];
    std::fs::File::open("/dev/urandom")
        .and_then(|mut random| random.read_exact(&mut base))
        .map_err(text)?;
    let ours = {
        let server = Server::lazaret(bench, "registry-ours")?;
        measure(&server, &base)?
    };
    let theirs = {
        let server = Server::docker_registry(bench)?;
        measure(&server, &base)?
    };
    let limits = Limits::measure(bench, &base)?;
    print(&ours, &theirs, &limits);
    print_files(&ours.large, &limits.nginx);
    Ok(())
}

struct Figures {
    manifest: Load,
    small: Load,
    large: Load,
    large_cpu: f64,
    put: Load,
    put_cpu: f64,
    crowd_push: Load,
    crowd_pull: Load,
    peak: f64,
}

fn measure(server: &Server, base: &[u8]) -> Result<Figures, String> {
    let address = &server.address;
    let mut setup = Connection::open(address)?;
    let (config, small) = (b"{}".as_slice(), &base[..1024]);
    for blob in [config, small] {
        setup.push("bench/small", &digest(&[blob]), &[blob])?;
    }
    let manifest = manifest(config, &[small], "");
    setup.send(
        "PUT",
        "/v2/bench/small/manifests/v1",
        MANIFEST,
        &[manifest.as_bytes()],
    )?;
    let large = digest(&[base]);
    setup.push("bench/large", &large, &[base])?;

    let by_tag = "/v2/bench/small/manifests/v1";
    let small_path = format!("/v2/bench/small/blobs/{}", digest(&[small]));
    let large_path = format!("/v2/bench/large/blobs/{large}");
    let manifest = load::run(address, 32, SPAN, u64::MAX, |c, _, _| c.get(by_tag))?;
    let small = load::run(address, 32, SPAN, u64::MAX, |c, _, _| c.get(&small_path))?;
    let before = server.cpu();
    let large = load::run(address, 4, SPAN, u64::MAX, |c, _, _| c.get(&large_path))?;
    let large_cpu = (server.cpu() - before) / (large.bytes as f64 / 1e9);

    // The blobs differ in their first bytes, so that none exists yet.
    let named = |number: usize| {
        let mark = (number as u64).to_le_bytes();
        (mark, digest(&[&mark, &base[8..]]))
    };
    let puts: Vec<_> = (1..=10).map(named).collect();
    let before = server.cpu();
    let put = load::run(address, 1, Duration::MAX, 10, |c, _, number| {
        let (mark, digest) = &puts[usize::try_from(number).map_err(text)?];
        c.push("bench/put", digest, &[mark, &base[8..]])?;
        Ok(base.len() as u64)
    })?;
    let put_cpu = (server.cpu() - before) / (put.bytes as f64 / 1e9);
    let crowd: Vec<_> = (100..100 + CROWD).map(named).collect();
    let crowd_push = load::run(address, CROWD, Duration::MAX, 1, |c, worker, _| {
        let (mark, digest) = &crowd[worker];
        c.push("bench/crowd", digest, &[mark, &base[8..]])?;
        Ok(base.len() as u64)
    })?;
    let crowd_pull = load::run(address, CROWD, Duration::MAX, 1, |c, worker, _| {
        c.get(&format!("/v2/bench/crowd/blobs/{}", crowd[worker].1))
    })?;
    Ok(Figures {
        manifest,
        small,
        large,
        large_cpu,
        put,
        put_cpu,
        crowd_push,
        crowd_pull,
        peak: server.peak(),
    })
}

/// The limits of the machine, in GB/s.
struct Limits {
    sha256: f64,
    disk: f64,
    sendfile: f64,
    /// nginx with the same requests for the same bytes.
    nginx: Load,
}

impl Limits {
    fn measure(bench: &Bench, base: &[u8]) -> Result<Self, String> {
        let gigabytes = base.len() as f64 / 1e9;
        let start = Instant::now();
        digest(&[base]);
        let sha256 = gigabytes / start.elapsed().as_secs_f64();
        let path = bench.folder.join("limit");
        let start = Instant::now();
        let mut file = std::fs::File::create(&path).map_err(text)?;
        file.write_all(base).map_err(text)?;
        file.sync_all().map_err(text)?;
        let disk = gigabytes / start.elapsed().as_secs_f64();
        let sendfile = sendfile(&path, base.len())?;
        let own = bench.folder.join("nginx");
        std::fs::create_dir_all(&own).map_err(text)?;
        let nginx = Nginx::start(&own, &bench.folder);
        let nginx = load::run(&nginx.address, 4, SPAN, u64::MAX, |c, _, _| c.get("/limit"))?;
        Ok(Self {
            sha256,
            disk,
            sendfile,
            nginx,
        })
    }
}

/// Rate in GB/s of four connections from a file to readers that drop everything, as the measured
/// load does. The standard library copies from a file to a socket with sendfile(2).
fn sendfile(path: &std::path::Path, length: usize) -> Result<f64, String> {
    let (connections, rounds) = (4, 10);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").map_err(text)?;
    let address = listener.local_addr().map_err(text)?;
    let start = Instant::now();
    std::thread::scope(|scope| {
        let mut tasks = Vec::new();
        for _ in 0..connections {
            tasks.push(scope.spawn(|| -> std::io::Result<()> {
                let (mut stream, _) = listener.accept()?;
                for _ in 0..rounds {
                    std::io::copy(&mut std::fs::File::open(path)?, &mut stream)?;
                }
                Ok(())
            }));
            tasks.push(scope.spawn(|| -> std::io::Result<()> {
                let mut stream = std::net::TcpStream::connect(address)?;
                let mut buffer = vec![0; 256 * 1024];
                while stream.read(&mut buffer)? > 0 {}
                Ok(())
            }));
        }
        for task in tasks {
            task.join()
                .map_err(|_| "a thread panicked")?
                .map_err(text)?;
        }
        Ok::<_, String>(())
    })?;
    let bytes = (connections * rounds * length) as f64;
    Ok(bytes / 1e9 / start.elapsed().as_secs_f64())
}

/// Large blobs beside the files of nginx: the rate, and whether every connection gets its share.
fn print_files(ours: &Load, nginx: &Load) {
    println!("registry: 100 MB, 4 connections                lazaret      nginx  ratio");
    let row = |name: &str, value: fn(&Load) -> f64, unit: &str| {
        let (ours, nginx) = (value(ours), value(nginx));
        println!(
            "  {name:<36} {ours:9.2} {nginx:9.2} {unit:<8} {:6.2}",
            ours / nginx
        );
    };
    row("GET", |load| load.bytes as f64 / load.seconds / 1e9, "GB/s");
    row("  p50", |load| load.p50 * 1e3, "ms");
    row("  p99", |load| load.p99 * 1e3, "ms");
    row("  least share of a connection", |load| load.least_share, "");
}

fn print(ours: &Figures, theirs: &Figures, limits: &Limits) {
    println!("registry: random data, files, fsync        lazaret  docker-registry  ratio");
    let row = |name: &str, ours: f64, theirs: f64, unit: &str| {
        println!(
            "  {name:<36} {ours:9.2} {theirs:9.2} {unit:<8} {:6.2}",
            ours / theirs
        );
    };
    let rate = |load: &Load| load.requests as f64 / load.seconds / 1e3;
    let speed = |load: &Load| load.bytes as f64 / load.seconds / 1e9;
    row(
        "manifest GET, 32 connections",
        rate(&ours.manifest),
        rate(&theirs.manifest),
        "k/s",
    );
    row(
        "  p99",
        ours.manifest.p99 * 1e3,
        theirs.manifest.p99 * 1e3,
        "ms",
    );
    row(
        "1 KiB blob GET, 32 connections",
        rate(&ours.small),
        rate(&theirs.small),
        "k/s",
    );
    row("  p99", ours.small.p99 * 1e3, theirs.small.p99 * 1e3, "ms");
    row(
        "100 MB blob GET, 4 connections",
        speed(&ours.large),
        speed(&theirs.large),
        "GB/s",
    );
    row("  processor", ours.large_cpu, theirs.large_cpu, "s/GB");
    row(
        "100 MB blob PUT",
        speed(&ours.put),
        speed(&theirs.put),
        "GB/s",
    );
    row("  processor", ours.put_cpu, theirs.put_cpu, "s/GB");
    row(
        "64 pushes of 100 MB at once",
        speed(&ours.crowd_push),
        speed(&theirs.crowd_push),
        "GB/s",
    );
    row(
        "64 pulls of 100 MB at once",
        speed(&ours.crowd_pull),
        speed(&theirs.crowd_pull),
        "GB/s",
    );
    row("peak resident memory", ours.peak, theirs.peak, "MB");
    println!(
        "  limits: sendfile {:.2} GB/s (GET is at {:.0} %), SHA-256 {:.2} GB/s a core (PUT is at {:.0} %), \
         write and fsync {:.2} GB/s",
        limits.sendfile,
        100.0 * speed(&ours.large) / limits.sendfile,
        limits.sha256,
        100.0 * speed(&ours.put) / limits.sha256,
        limits.disk,
    );
}
