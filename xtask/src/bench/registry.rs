//! `lazaret serve` against docker-registry, both with files and fsync, random data, one load
//! generator on the same machine.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::Bench;
use super::load::{self, Connection, Load};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const MEGABYTES_100: usize = 100_000_000;
/// How long each rate is measured.
const SPAN: Duration = Duration::from_secs(5);
/// Pushes and pulls at once.
const CROWD: usize = 64;

pub(super) fn run(bench: &Bench) -> Result<(), String> {
    let mut base = vec![0; MEGABYTES_100];
    std::fs::File::open("/dev/urandom")
        .and_then(|mut random| random.read_exact(&mut base))
        .map_err(text)?;
    let ours = {
        let server = Server::lazaret(bench)?;
        measure(&server, &base)?
    };
    let theirs = {
        let server = Server::docker_registry(bench)?;
        measure(&server, &base)?
    };
    let limits = Limits::measure(bench, &base)?;
    print(&ours, &theirs, &limits);
    Ok(())
}

/// A server that ends with this value.
struct Server {
    process: Child,
    address: String,
}

impl Server {
    fn lazaret(bench: &Bench) -> Result<Self, String> {
        let root = bench.path("registry-ours");
        let mut process = bench
            .lazaret(&["serve", "--listen", "127.0.0.1:0", "--root", &root])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(text)?;
        let stdout = process.stdout.take().ok_or("no standard output")?;
        let line = BufReader::new(stdout).lines().next();
        let line = line.and_then(Result::ok).unwrap_or_default();
        let address = line.trim_start_matches("listening on http://").to_owned();
        Ok(Self { process, address })
    }

    fn docker_registry(bench: &Bench) -> Result<Self, String> {
        let free = std::net::TcpListener::bind("127.0.0.1:0").map_err(text)?;
        let address = free.local_addr().map_err(text)?.to_string();
        drop(free);
        let (config, root) = (bench.path("docker.yml"), bench.path("registry-theirs"));
        let settings = format!(
            "version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\n\
             storage: {{filesystem: {{rootdirectory: {root}}}, delete: {{enabled: true}}}}\n\
             http: {{addr: \"{address}\"}}\n"
        );
        std::fs::write(&config, settings).map_err(text)?;
        let process = Command::new("docker-registry")
            .args(["serve", &config])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("docker-registry: {error}"))?;
        let server = Self { process, address };
        for _ in 0..500 {
            if Connection::open(&server.address).is_ok() {
                return Ok(server);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err("docker-registry does not listen".to_owned())
    }

    /// Seconds of processor time it has used.
    fn cpu(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id()));
        let stat = stat.unwrap_or_default();
        let fields: Vec<&str> = stat
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .collect();
        let ticks = |index: usize| {
            fields
                .get(index)
                .and_then(|field| field.parse::<f64>().ok())
                .unwrap_or_default()
        };
        // Fields 14 and 15 of proc(5), in hundredths of a second on Linux.
        (ticks(11) + ticks(12)) / 100.0
    }

    /// Most memory that was resident, in MB.
    fn peak(&self) -> f64 {
        let path = format!("/proc/{}/status", self.process.id());
        let status = std::fs::read_to_string(path).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kibibytes = line
            .and_then(|line| line.split_whitespace().next())
            .and_then(|number| number.parse::<f64>().ok());
        kibibytes.unwrap_or_default() * 1024.0 / 1e6
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It is ours; if it has ended already there is nothing to do.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
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
    let manifest = serde_json::json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": digest(&[config]), "size": 2,
        },
        "layers": [{
            "mediaType": "application/vnd.oci.image.layer.v1.tar",
            "digest": digest(&[small]), "size": 1024,
        }],
    })
    .to_string();
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

    // Blobs that differ in their first bytes, so that none is there yet.
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

/// What the machine can do at best, in GB/s.
struct Limits {
    sha256: f64,
    disk: f64,
    sendfile: f64,
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
        let listener = std::net::TcpListener::bind("127.0.0.1:0").map_err(text)?;
        let address = listener.local_addr().map_err(text)?;
        let rounds = 20;
        let sender = std::thread::spawn(move || -> std::io::Result<()> {
            let (mut stream, _) = listener.accept()?;
            for _ in 0..rounds {
                // From a file to a socket, the standard library uses sendfile(2).
                std::io::copy(&mut std::fs::File::open(&path)?, &mut stream)?;
            }
            Ok(())
        });
        let mut stream = std::net::TcpStream::connect(address).map_err(text)?;
        let mut buffer = vec![0; 256 * 1024];
        let start = Instant::now();
        while stream.read(&mut buffer).map_err(text)? > 0 {}
        let sendfile = f64::from(rounds) * gigabytes / start.elapsed().as_secs_f64();
        sender
            .join()
            .map_err(|_| "the sender panicked".to_owned())?
            .map_err(text)?;
        Ok(Self {
            sha256,
            disk,
            sendfile,
        })
    }
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

fn digest(parts: &[&[u8]]) -> String {
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    for part in parts {
        context.update(part);
    }
    let hex = context.finish();
    let hex = hex.as_ref().iter().map(|byte| format!("{byte:02x}"));
    format!("sha256:{}", hex.collect::<String>())
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
