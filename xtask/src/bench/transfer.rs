//! Measures pushes and pulls of an image of random data, `lazaret` against `skopeo`, both with
//! `lazaret serve`; and the start and end of an ephemeral registry.

use std::io::{Read, Write};
use std::process::Command;

use super::server::Server;
use super::tools::{Bench, median, timed};

const ROUNDS: usize = 3;
const LAYERS: usize = 4;
const LAYER_BYTES: u64 = 50 << 20;

pub(super) fn run(bench: &Bench) -> Result<(), String> {
    let rounds = (0..ROUNDS * 3)
        .map(|_| timed(&mut bench.lazaret(&["-q", "registry", "with", "--", "true"])));
    let ephemeral = median(rounds.collect::<Result<_, _>>()?);
    println!("registry with -- true: {ephemeral:.3} s from start to end");

    let folder = bench.folder.join("content");
    std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    for layer in 0..LAYERS {
        let mut random = std::fs::File::open("/dev/urandom")
            .map_err(|error| error.to_string())?
            .take(LAYER_BYTES);
        let mut file = std::fs::File::create(folder.join(layer.to_string()))
            .map_err(|error| error.to_string())?;
        std::io::copy(&mut random, &mut file).map_err(|error| error.to_string())?;
        file.flush().map_err(|error| error.to_string())?;
    }
    let layout = format!("{}:v1", bench.path("layout"));
    timed(Command::new("umoci").args(["init", "--layout", &bench.path("layout")]))?;
    timed(Command::new("umoci").args(["new", "--image", &layout]))?;
    for layer in 0..LAYERS {
        let tar = bench.path("layer.tar");
        let name = layer.to_string();
        timed(Command::new("tar").args(["-cf", &tar, "-C", &folder.display().to_string(), &name]))?;
        timed(Command::new("umoci").args(["raw", "add-layer", "--image", &layout, &tar]))?;
    }

    compare(bench, &layout)
}

fn compare(bench: &Bench, layout: &str) -> Result<(), String> {
    let (mut times, oci) = ([const { Vec::new() }; 4], format!("oci:{layout}"));
    for round in 0..ROUNDS {
        // New servers for every round: they are empty, and no tool has cached anything about them.
        let first = Server::lazaret(bench, &format!("registry{round}a"))?;
        let second = Server::lazaret(bench, &format!("registry{round}b"))?;
        let ours = format!("{}/bench/image:v1", first.address);
        let theirs = format!("docker://{}/bench/image:v1", second.address);
        let back = format!("oci:{}:v1", bench.path(&format!("back{round}")));
        let source = bench.path("layout");
        let skopeo = |tls: &str, from: &str, to: &str| {
            let mut command = Command::new("skopeo");
            command.args(["--insecure-policy", "copy", "-q", tls, from, to]);
            command
        };
        times[0].push(timed(&mut bench.lazaret(&["-q", "push", &source, &ours]))?);
        times[1].push(timed(&mut skopeo(
            "--dest-tls-verify=false",
            &oci,
            &theirs,
        ))?);
        let home = bench.path(&format!("pull{round}"));
        times[2].push(timed(
            bench
                .lazaret(&["-q", "pull", &ours])
                .env("LAZARET_HOME", home),
        )?);
        times[3].push(timed(&mut skopeo(
            "--src-tls-verify=false",
            &theirs,
            &back,
        ))?);
    }
    let [push, their_push, pull, their_pull] = times.map(median);
    let megabytes = LAYERS as u64 * (LAYER_BYTES >> 20);
    println!(
        "transfer: {megabytes} MiB of random data in {LAYERS} layers, seconds, median of {ROUNDS}"
    );
    println!("          lazaret  skopeo  ratio");
    println!(
        "  push    {push:7.2} {their_push:7.2} {:6.2}",
        their_push / push
    );
    println!(
        "  pull    {pull:7.2} {their_pull:7.2} {:6.2}",
        their_pull / pull
    );
    Ok(())
}
