//! Measures the mirror against docker-registry in its proxy mode. Both stand before the same upstream, which
//! answers every request 200 ms late and is the limit.

mod delay;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use lazaret_testing::docker_registry::DockerRegistry;
use lazaret_testing::server::Server as Program;

use super::load::{self, Connection, Load, MANIFEST, digest, manifest, text};
use super::server::Server;
use super::tools::{Bench, median};
use delay::Delay;

const DELAY: Duration = Duration::from_millis(200);
const LAYERS: usize = 4;
const LAYER: usize = 8_000_000;
/// Layers that a client fetches at the same time, as containerd does.
const PARALLEL: usize = 3;
const LARGE: usize = 1_000_000_000;
const WARM: usize = 100_000_000;
const ROUNDS: usize = 5;
const SPAN: Duration = Duration::from_secs(5);
/// Time in which what was fetched is stored.
const SETTLE: Duration = Duration::from_secs(3);

pub(super) fn run(bench: &Bench) -> Result<(), String> {
    let mut base = vec![0; LARGE];
    std::fs::File::open("/dev/urandom")
        .and_then(|mut random| random.read_exact(&mut base))
        .map_err(text)?;
    let upstream = Server::lazaret(bench, "mirror-upstream")?;
    let content = Content::push(&upstream.address, &base)?;
    let delay = Delay::start(&upstream.address, DELAY)?;
    let direct = measure(&delay.address, "", &delay, &content)?;
    let ours = {
        let (server, address) = mirror(bench, &delay.address)?;
        let figures = measure(&address, "upstream/", &delay, &content)?;
        drop(server);
        figures
    };
    let theirs = {
        let folder = bench.folder.join("mirror-theirs");
        std::fs::create_dir_all(&folder).map_err(text)?;
        let registry = DockerRegistry::proxy(&folder, &format!("http://{}", delay.address));
        measure(&registry.address, "", &delay, &content)?
    };
    let registry = warm(&upstream.address, "", &content)?;
    print(&direct, &ours, &theirs, &registry);
    Ok(())
}

/// What the upstream has: images that share nothing, and large blobs.
struct Content {
    config: String,
    layers: Vec<Vec<String>>,
    large: Vec<String>,
    warm: String,
}

impl Content {
    fn push(address: &str, base: &[u8]) -> Result<Self, String> {
        let mut setup = Connection::open(address)?;
        let config = b"{}".as_slice();
        setup.push("bench/image", &digest(&[config]), &[config])?;
        let mut layers = Vec::new();
        for image in 0..ROUNDS {
            let blobs: Vec<&[u8]> = (0..LAYERS)
                .map(|layer| {
                    let start = (image * LAYERS + layer) * LAYER;
                    &base[start..start + LAYER]
                })
                .collect();
            for blob in &blobs {
                setup.push("bench/image", &digest(&[blob]), &[blob])?;
            }
            let document = manifest(config, &blobs, &image.to_string());
            let path = format!("/v2/bench/image/manifests/v{image}");
            setup.send("PUT", &path, MANIFEST, &[document.as_bytes()])?;
            layers.push(blobs.iter().map(|blob| digest(&[blob])).collect());
        }
        let mut large = Vec::new();
        for round in 0..3_u64 {
            let mark = round.to_le_bytes();
            let name = digest(&[&mark, &base[8..]]);
            setup.push("bench/image", &name, &[&mark, &base[8..]])?;
            let layer = serde_json::json!({
                "mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": name, "size": LARGE,
            });
            let document = serde_json::json!({
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "config": {
                    "mediaType": "application/vnd.oci.image.config.v1+json",
                    "digest": digest(&[config]), "size": config.len(),
                },
                "layers": [layer],
            });
            let path = format!("/v2/bench/image/manifests/large{round}");
            setup.send("PUT", &path, MANIFEST, &[document.to_string().as_bytes()])?;
            large.push(name);
        }
        let warm = digest(&[&base[..WARM]]);
        setup.push("bench/image", &warm, &[&base[..WARM]])?;
        Ok(Self {
            config: digest(&[config]),
            layers,
            large,
            warm,
        })
    }
}

struct Figures {
    /// Seconds of cold pulls, and requests to the upstream of one.
    cold: f64,
    cold_calls: u64,
    /// Requests to the upstream of a warm tag.
    warm_calls: u64,
    /// Seconds until the first byte of a cold blob of 1 GB.
    first: f64,
    warm: Load,
}

fn mirror(bench: &Bench, upstream: &str) -> Result<(Program, String), String> {
    let file = bench.folder.join("mirror.toml");
    let text = format!(
        "listen = [\"127.0.0.1:0\"]\nroot = \"mirror-ours\"\nmirror.tag_lifetime = \"0s\"\n\
         [[upstreams]]\nnamespace = \"upstream\"\nendpoints = [\"http://{upstream}\"]\n\
         credentials = {{ anonymous = true }}\n"
    );
    std::fs::write(&file, text).map_err(|error| error.to_string())?;
    let file = file.display().to_string();
    let mut command = bench.lazaret(&["mirror", "start", "--config", &file]);
    let started = Program::announced(&mut command, Path::new("/dev/null"), 1);
    let (program, lines) = started.map_err(|failure| failure.to_string())?;
    let address = lines[0]
        .trim_start_matches("listening on http://")
        .to_owned();
    Ok((program, address))
}

fn measure(
    address: &str,
    prefix: &str,
    delay: &Delay,
    content: &Content,
) -> Result<Figures, String> {
    let mut colds = Vec::new();
    let mut cold_calls = 0;
    for (image, layers) in content.layers.iter().enumerate() {
        delay.take();
        colds.push(pull(address, prefix, image, &content.config, layers)?);
        cold_calls = delay.take().max(cold_calls);
    }
    let mut connection = Connection::open(address)?;
    connection.get(&format!("/v2/{prefix}bench/image/manifests/v0"))?;
    let warm_calls = delay.take();
    // Before the large blobs, which are written for a while after they came.
    std::thread::sleep(SETTLE);
    let warm = warm(address, prefix, content)?;
    let mut firsts = Vec::new();
    for (round, name) in content.large.iter().enumerate() {
        // A client knows a blob by its manifest.
        connection.get(&format!("/v2/{prefix}bench/image/manifests/large{round}"))?;
        firsts.push(first_byte(address, prefix, name)?);
    }
    Ok(Figures {
        cold: median(colds),
        cold_calls,
        warm_calls,
        first: median(firsts),
        warm,
    })
}

/// Pulls an image as containerd does: its manifest, then all blobs, some at a time.
fn pull(
    address: &str,
    prefix: &str,
    image: usize,
    config: &str,
    layers: &[String],
) -> Result<f64, String> {
    let start = Instant::now();
    let mut connection = Connection::open(address)?;
    connection.get(&format!("/v2/{prefix}bench/image/manifests/v{image}"))?;
    let blobs: Vec<&str> = std::iter::once(config)
        .chain(layers.iter().map(String::as_str))
        .collect();
    let next = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..PARALLEL)
            .map(|_| {
                let (blobs, next) = (&blobs, &next);
                scope.spawn(move || -> Result<(), String> {
                    let mut connection = Connection::open(address)?;
                    loop {
                        let number = next.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                        let Some(blob) = blobs.get(number) else {
                            return Ok(());
                        };
                        connection.get(&format!("/v2/{prefix}bench/image/blobs/{blob}"))?;
                    }
                })
            })
            .collect();
        for worker in workers {
            worker.join().map_err(|_| "a worker ended".to_owned())??;
        }
        Ok::<_, String>(())
    })?;
    Ok(start.elapsed().as_secs_f64())
}

/// Seconds until the first byte of a blob's content.
fn first_byte(address: &str, prefix: &str, blob: &str) -> Result<f64, String> {
    let start = Instant::now();
    let mut stream = TcpStream::connect(address).map_err(text)?;
    let request =
        format!("GET /v2/{prefix}bench/image/blobs/{blob} HTTP/1.1\r\nHost: {address}\r\n\r\n");
    stream.write_all(request.as_bytes()).map_err(text)?;
    let mut seen = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let length = stream.read(&mut buffer).map_err(text)?;
        if length == 0 {
            return Err(format!(
                "the answer ended: {}",
                String::from_utf8_lossy(&seen)
            ));
        }
        seen.extend_from_slice(&buffer[..length]);
        let head = seen.windows(4).position(|four| four == b"\r\n\r\n");
        if head.is_some_and(|end| seen.len() > end + 4) {
            if !seen.starts_with(b"HTTP/1.1 200") {
                return Err(String::from_utf8_lossy(&seen).into_owned());
            }
            return Ok(start.elapsed().as_secs_f64());
        }
    }
}

/// The rate at which a blob that is kept is sent.
fn warm(address: &str, prefix: &str, content: &Content) -> Result<Load, String> {
    let path = format!("/v2/{prefix}bench/image/blobs/{}", content.warm);
    Connection::open(address)?.get(&path)?;
    std::thread::sleep(SETTLE);
    load::run(address, 4, SPAN, u64::MAX, |c, _, _| c.get(&path))
}

fn print(direct: &Figures, ours: &Figures, theirs: &Figures, registry: &Load) {
    let rate = |load: &Load| load.bytes as f64 / load.seconds / 1e9;
    println!("\nmirror: upstream 200 ms away; image of {LAYERS} layers of 8 MB; cold blob of 1 GB");
    println!(
        "{:<36} {:>10} {:>10} {:>16}",
        "", "direct", "lazaret", "docker-registry"
    );
    println!(
        "{:<36} {:>9.2}s {:>9.2}s {:>15.2}s",
        "cold pull", direct.cold, ours.cold, theirs.cold
    );
    println!(
        "{:<36} {:>10} {:>10} {:>16}",
        "upstream requests, cold", direct.cold_calls, ours.cold_calls, theirs.cold_calls
    );
    println!(
        "{:<36} {:>10} {:>10} {:>16}",
        "upstream requests, warm tag", direct.warm_calls, ours.warm_calls, theirs.warm_calls
    );
    println!(
        "{:<36} {:>9.3}s {:>9.3}s {:>15.3}s",
        "first byte of a cold 1 GB", direct.first, ours.first, theirs.first
    );
    println!(
        "{:<36} {:>10} {:>8.2}GB {:>14.2}GB  (lazaret without a mirror {:.2})",
        "warm blob, per second, 4 clients",
        "",
        rate(&ours.warm),
        rate(&theirs.warm),
        rate(registry)
    );
}
