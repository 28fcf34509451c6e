//! Images to disks, against what people do by hand: `umoci unpack`, then `mke2fs -d` or `mkfs.erofs`.
//!
//! Both sides end with the disk synced. `LAZARET_BENCH_LAYOUT=DIR:TAG` measures a layout of one's own
//! in the place of the system's. The peers take so long that they run once; one that reaches 30 s of its
//! own is stopped: read its ratio as "at least".

use std::process::Command;

use super::{Bench, median, timed};

const ROUNDS: usize = 3;
/// Seconds after which a peer is given up.
const PATIENCE: f64 = 30.0;
const FILES: usize = 200_000;

pub(super) fn run(bench: &Bench) -> Result<(), String> {
    let system = match std::env::var("LAZARET_BENCH_LAYOUT") {
        Ok(layout) => layout,
        Err(_) => {
            let parts = "tar -C / -cf - usr/bin usr/share usr/lib/x86_64-linux-gnu";
            layout(bench, "system", parts)?
        }
    };
    measure(bench, "a system image, gzip", &system)?;
    let many = format!(
        "mkdir -p many/d && cd many && seq {FILES} | split -a 6 -l 1 - d/ && tar -cf - d; cd ..; rm -r many"
    );
    let many = layout(bench, "many", &many)?;
    measure(bench, "200,000 small files in one folder, gzip", &many)
}

/// A layout of one layer, which a shell command writes as a tar.
fn layout(bench: &Bench, name: &str, tar: &str) -> Result<String, String> {
    let (folder, file) = (bench.path(name), bench.path("layer.tar"));
    let image = format!("{folder}:v1");
    shell(bench, &format!("({tar}) > {file}"))?;
    timed(Command::new("umoci").args(["init", "--layout", &folder]))?;
    timed(Command::new("umoci").args(["new", "--image", &image]))?;
    timed(Command::new("umoci").args(["raw", "add-layer", "--image", &image, &file]))?;
    std::fs::remove_file(&file).map_err(|error| error.to_string())?;
    Ok(image)
}

fn measure(bench: &Bench, title: &str, image: &str) -> Result<(), String> {
    let source = format!("oci:{image}");
    let disk = bench.path("disk");
    let unpacked = bench.path("unpacked");
    let mut times: [Vec<f64>; 5] = Default::default();
    let mut entries = String::new();
    for round in 0..ROUNDS {
        for (place, fs) in ["ext4", "erofs"].into_iter().enumerate() {
            let mut build = bench.lazaret(&["rootfs", "build", &source, "-o", &disk, "--fs", fs]);
            times[place].push(timed(&mut build)?);
            if round == 0 && place == 0 {
                let shown = build.output().map_err(|error| error.to_string())?.stdout;
                entries = String::from_utf8_lossy(&shown).trim().replace('\n', "; ");
            }
            remove(bench, "disk")?;
        }
        if round > 0 {
            continue;
        }
        let start = std::time::Instant::now();
        timed(Command::new("umoci").args(["unpack", "--image", image, &unpacked]))?;
        times[2].push(start.elapsed().as_secs_f64());
        let tree = format!("{unpacked}/rootfs");
        // The size is a guess, which whoever does this by hand has to make, too.
        let ext4 = format!("mke2fs -q -t ext4 -N 400000 -d {tree} {disk} 8G");
        times[3].push(peer(bench, &ext4)?);
        remove(bench, "disk")?;
        times[4].push(peer(bench, &format!("mkfs.erofs {disk} {tree}"))?);
        remove(bench, "disk")?;
        remove(bench, "unpacked")?;
    }
    let [ext4, erofs, unpack, mke2fs, mkfs] = times.map(median);
    println!("rootfs build of {title}: {entries}");
    println!(
        "  ext4   lazaret {ext4:.2} s, umoci {unpack:.2} s + mke2fs {mke2fs:.2} s: {:.1} x",
        (unpack + mke2fs) / ext4
    );
    println!(
        "  EROFS  lazaret {erofs:.2} s, umoci {unpack:.2} s + mkfs.erofs {mkfs:.2} s: {:.1} x",
        (unpack + mkfs) / erofs
    );
    for fs in ["ext4", "erofs"] {
        let output = Command::new("time")
            .args(["-f", "%U %S %M"])
            .arg(&bench.binary)
            .args(["-q", "rootfs", "build", &source, "-o", &disk, "--fs", fs])
            .env("LAZARET_HOME", bench.folder.join("home"))
            .output()
            .map_err(|error| error.to_string())?;
        let figures = String::from_utf8_lossy(&output.stderr).into_owned();
        if let [user, system, memory] = figures.split_whitespace().collect::<Vec<_>>()[..] {
            let megabytes = memory.parse::<f64>().unwrap_or_default() / 1000.0;
            println!("  {fs}: {user} + {system} s of processor, {megabytes:.0} MB of memory");
        }
        remove(bench, "disk")?;
    }
    Ok(())
}

/// Another tool's seconds until its disk is synced, at most [`PATIENCE`].
fn peer(bench: &Bench, command: &str) -> Result<f64, String> {
    let command = format!("timeout {PATIENCE} {command} || [ $? = 124 ]; sync disk");
    shell(bench, &command)
}

fn shell(bench: &Bench, command: &str) -> Result<f64, String> {
    let mut shell = Command::new("sh");
    timed(shell.args(["-ec", command]).current_dir(&bench.folder))
}

fn remove(bench: &Bench, name: &str) -> Result<(), String> {
    let mut command = Command::new("rm");
    timed(command.args(["-rf", &bench.path(name)])).map(drop)
}
