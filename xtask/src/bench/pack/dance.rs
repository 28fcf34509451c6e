//! Measures what it takes to get an image that docker saved into the hands of a program that takes
//! references only, once by `registry with` and once by containers.
//!
//! The containers are those of the usual way: a network, a registry on it with a port of this host, and a
//! client that pushes the saved file (here skopeo, as there crane). Both programs are those of this host,
//! in images made of what they link to. The pack is made by Lazaret in either case.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::bench::tools::{Bench, median, timed};

const ROUNDS: usize = 3;
/// Longest time for a daemon to answer.
const ANSWERS_WITHIN: Duration = Duration::from_secs(30);

/// Puts a program with all that it links to into an image; `$1` is the program, `$2` the image.
const IMAGE: &str = r#"
{ echo "${1#/}"; ldd "$1" | grep -o '/[^ ]*' | sed 's|^/||'; } | sort -u | \
    tar -C / --dereference -cf - -T - | docker import -q - "$2"
"#;

/// The way of the containers; `$1` is the saved image, `$2` the pack.
const CONTAINERS: &str = r#"
docker network create dance
trap 'docker rm -f dance-registry; docker network rm dance' EXIT
docker run -d --rm --name dance-registry --network dance -p 127.0.0.1::5000 \
    -v "$PWD/registry.yml:/registry.yml:ro" dance-registry /usr/bin/docker-registry serve /registry.yml
port=$(docker port dance-registry 5000/tcp | head -n 1)
until curl -fs "http://$port/v2/" > /dev/null; do sleep 0.1; done
docker run --rm --network dance -v "$1:/image.tar:ro" -v "$PWD/policy.json:/policy.json:ro" dance-client \
    /usr/bin/skopeo --policy /policy.json --tmpdir / copy -q --dest-tls-verify=false \
    docker-archive:/image.tar docker://dance-registry:5000/app:v1
lazaret pack create "localhost:${port##*:}/app:v1" -o "$2"
"#;

const OURS: &str = r#"
TAR=$1 FILE=$2 lazaret registry with -- sh -euc '
    lazaret push "docker-archive:$TAR" "$LAZARET_REGISTRY/app:v1"
    lazaret pack create "$LAZARET_REGISTRY/app:v1" -o "$FILE"'
"#;

/// A daemon with a folder of its own, which is ended when dropped.
struct Docker(Child);

impl Drop for Docker {
    fn drop(&mut self) {
        let _gone = Command::new("kill").arg(self.0.id().to_string()).status();
        let _gone = self.0.wait();
    }
}

pub(super) fn run(bench: &Bench) -> Result<(), String> {
    let Some(docker) = start(bench)? else {
        println!("  dance                          skipped: dockerd does not run here");
        return Ok(());
    };
    write(
        &bench.folder.join("registry.yml"),
        "version: 0.1\nstorage: {filesystem: {rootdirectory: /var/registry}}\nhttp: {addr: \":5000\"}\n",
    )?;
    write(
        &bench.folder.join("policy.json"),
        r#"{"default": [{"type": "insecureAcceptAnything"}]}"#,
    )?;
    for (program, image) in [
        ("/usr/bin/docker-registry", "dance-registry"),
        ("/usr/bin/skopeo", "dance-client"),
    ] {
        timed(&mut shell(bench, IMAGE, &[program, image]))?;
    }
    let saved = bench.path("saved.tar");
    let save = "tar -C \"$1\" -cf - . | docker import -q -c 'CMD [\"/usr/bin/python3\"]' - app:v1 && docker save -o \"$2\" app:v1";
    timed(&mut shell(bench, save, &[&bench.path("python"), &saved]))?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let pack = bench.path(&format!("dance-{round}"));
        ours.push(timed(&mut shell(bench, OURS, &[&saved, &pack]))?);
        let pack = bench.path(&format!("dance-{round}-containers"));
        theirs.push(timed(&mut shell(bench, CONTAINERS, &[&saved, &pack]))?);
    }
    drop(docker);
    let (ours, theirs) = (median(ours), median(theirs));
    println!("  docker save to pack, containers {theirs:.2}");
    println!(
        "  docker save to pack, ours      {ours:.2}  ({:.1} x faster)",
        theirs / ours
    );
    Ok(())
}

fn start(bench: &Bench) -> Result<Option<Docker>, String> {
    let folder = bench.folder.join("docker");
    std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let place = folder.display();
    let socket = format!("unix://{place}/socket");
    let log = std::fs::File::create(folder.join("log")).map_err(|error| error.to_string())?;
    let errors = log.try_clone().map_err(|error| error.to_string())?;
    let started = Command::new("dockerd")
        .args(["--host", &socket])
        .arg(format!("--data-root={place}/data"))
        .arg(format!("--exec-root={place}/exec"))
        .arg(format!("--pidfile={place}/pid"))
        .args(["--iptables=false", "--ip6tables=false"])
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(errors)
        .spawn();
    let Ok(child) = started else {
        return Ok(None);
    };
    let mut docker = Docker(child);
    let deadline = Instant::now() + ANSWERS_WITHIN;
    while Instant::now() < deadline {
        if timed(&mut shell(bench, "docker version", &[])).is_ok() {
            return Ok(Some(docker));
        }
        if docker.0.try_wait().is_ok_and(|ended| ended.is_some()) {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(None)
}

/// A script in the folder of the measurement, with the daemon and the binary under test.
fn shell(bench: &Bench, script: &str, arguments: &[&str]) -> Command {
    let mut command = bench.lazaret(&[]);
    let home = command
        .get_envs()
        .find_map(|(name, value)| (name == "LAZARET_HOME").then(|| value.map(ToOwned::to_owned)))
        .flatten();
    let programs = bench.binary.parent().unwrap_or(Path::new("/")).display();
    let path = std::env::var("PATH").unwrap_or_default();
    command = Command::new("sh");
    command
        .args(["-euc", script, "sh"])
        .args(arguments)
        .current_dir(&bench.folder)
        .env("PATH", format!("{programs}:{path}"))
        .env(
            "DOCKER_HOST",
            format!("unix://{}/docker/socket", bench.folder.display()),
        )
        .env("DOCKER_BUILDKIT", "0")
        .stdin(Stdio::null());
    if let Some(home) = home {
        command.env("LAZARET_HOME", home);
    }
    command
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    std::fs::write(path, text).map_err(|error| error.to_string())
}
