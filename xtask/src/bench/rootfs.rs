//! Measures the conversion of images to disks against doing it by hand: `umoci unpack`, then
//! `mke2fs -d` or `mkfs.erofs`.
//!
//! Both sides end with a synced disk. `LAZARET_BENCH_LAYOUT=DIR:TAG` measures another layout
//! instead of the system's. The other tools take so long that they run only once. A tool that has
//! run for 30 s is stopped; then read its ratio as "at least".

use std::process::Command;

use super::tools::{Bench, median, timed};

const ROUNDS: usize = 3;
/// Seconds after which another tool is stopped.
const PATIENCE: f64 = 30.0;
const FILES: usize = 200_000;

/// Approximate size of the large tar, in bytes, and its largest number of entries.
const LARGE: u64 = 2_800_000_000;
const LARGE_ENTRIES: usize = 70_000;

pub(super) fn run(bench: &Bench) -> Result<(), String> {
    large(bench)?;
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

/// Measures one uncompressed layer of 2.8 GB with 70,000 entries. The others are `mke2fs -d` on the
/// tree, which is unpacked before the measurement, and `mkfs.erofs --tar` on the same tar, with the
/// options that make it fastest. Only ours computes digests. On both sides the input is in the page
/// cache and the disk is synced.
fn large(bench: &Bench) -> Result<(), String> {
    let list = format!(
        "cd / && find usr opt -xdev -type f -size -4000k 2>/dev/null | sort | head -n {} > {}",
        LARGE_ENTRIES - 20,
        bench.path("list")
    );
    shell(bench, &list)?;
    let tar = format!(
        "n=$(tar -C / -cf - -T list | wc -c); mkdir pad; \
         for i in 0 1 2 3 4 5 6 7 8 9; do head -c $((({LARGE} - n) / 10)) /dev/urandom > pad/$i; done; \
         tar -cf large.tar pad -C / -T list; rm -r pad list"
    );
    shell(bench, &tar)?;
    let source = plain_layout(bench)?;
    let mkfs = lazaret_testing::made::made("tools/erofs-utils-1.8.6/mkfs/mkfs.erofs");
    let mkfs = format!(
        "{} --quiet --sort=none -Enoinline_data --tar=f DISK large.tar > /dev/null && sync DISK",
        mkfs.display()
    );
    compressed(bench, &source, &mkfs)?;
    let mke2fs = "mke2fs -q -t ext4 -N 400000 -d tree DISK 8G && sync DISK";
    println!("rootfs build of a plain tar of 2.8 GB and 70,000 entries");
    // In memory the speed of the programs shows, on the disk what the disk leaves of it.
    for (place, folder) in [
        ("disk", bench.folder.clone()),
        ("memory", "/dev/shm".into()),
    ] {
        let disk = folder.join("lazaret-bench-disk").display().to_string();
        // Dirty pages from earlier runs must not count.
        let quiet = || {
            shell(
                bench,
                &format!("rm -f {disk}; sync; cat large.tar > /dev/null"),
            )
        };
        let mut times: [Vec<f64>; 4] = Default::default();
        // Each program runs first once, because earlier writes to a disk slow later ones down.
        for round in 0..ROUNDS {
            for turn in 0..3 {
                quiet()?;
                let place = (round + turn) % 3;
                let seconds = match ["ext4", "erofs"].get(place) {
                    Some(fs) => {
                        let build = ["rootfs", "build", &source, "-o", &disk, "--fs", fs];
                        timed(&mut bench.lazaret(&build))?
                    }
                    None => shell(bench, &mkfs.replace("DISK", &disk))?,
                };
                times[place].push(seconds);
            }
        }
        // The tree fills the page cache once more, so the program that reads it runs last.
        shell(bench, "mkdir tree; tar -C tree -xf large.tar")?;
        for _ in 0..ROUNDS {
            quiet()?;
            times[3].push(shell(bench, &mke2fs.replace("DISK", &disk))?);
        }
        remove(bench, "tree")?;
        quiet()?;
        let [ext4, erofs, mkfs, mke2fs] = times.map(median);
        println!(
            "  to {place}: ext4 lazaret {ext4:.2} s, mke2fs -d {mke2fs:.2} s: {:.1} x",
            mke2fs / ext4
        );
        println!(
            "  to {place}: EROFS lazaret {erofs:.2} s, mkfs.erofs --tar {mkfs:.2} s: {:.2} of it",
            erofs / mkfs
        );
    }
    for name in ["large.tar", "large"] {
        remove(bench, name)?;
    }
    Ok(())
}

/// Measures the conversion of the same tar to compressed EROFS, once each because the other tool
/// takes long. Both compress 128 KiB at a time.
fn compressed(bench: &Bench, source: &str, mkfs: &str) -> Result<(), String> {
    let disk = bench.path("disk");
    let length = || {
        let metadata = std::fs::metadata(&disk).map_err(|error| error.to_string())?;
        Ok::<_, String>(metadata.len() >> 20)
    };
    println!("rootfs build of a plain tar of 2.8 GB to a compressed EROFS");
    for how in ["lz4", "zstd"] {
        remove(bench, "disk")?;
        let build = ["rootfs", "build", source, "-o", &disk, "--fs", "erofs"];
        let mut build = bench.lazaret(&[&build[..], &["--compress", how]].concat());
        let (ours, our_size) = (timed(&mut build)?, length()?);
        remove(bench, "disk")?;
        let command = mkfs.replace("DISK", &disk);
        let command = command.replace("--quiet", &format!("--quiet -z{how} -C131072"));
        let (theirs, their_size) = (shell(bench, &command)?, length()?);
        println!(
            "  {how}: lazaret {ours:.2} s, {our_size} MiB; mkfs.erofs {theirs:.2} s, {their_size} MiB: {:.1} x",
            theirs / ours
        );
    }
    remove(bench, "disk")
}

/// Makes a layout with `large.tar` as its uncompressed layer, which no installed tool would do.
fn plain_layout(bench: &Bench) -> Result<String, String> {
    let script = r#"
        blobs=large/blobs/sha256; mkdir -p $blobs
        echo '{"imageLayoutVersion":"1.0.0"}' > large/oci-layout
        put() { digest=$(sha256sum < $1 | cut -d ' ' -f 1); size=$(wc -c < $1); mv $1 $blobs/$digest; }
        ln large.tar blob; put blob; layer=$digest layer_size=$size
        type=application/vnd.oci.image
        echo "{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:$layer\"]}}" > blob
        put blob
        echo "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"$type.config.v1+json\",\"digest\":\"sha256:$digest\",\"size\":$size},\"layers\":[{\"mediaType\":\"$type.layer.v1.tar\",\"digest\":\"sha256:$layer\",\"size\":$layer_size}]}" > blob
        put blob
        echo "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"$type.manifest.v1+json\",\"digest\":\"sha256:$digest\",\"size\":$size}]}" > large/index.json"#;
    shell(bench, script)?;
    Ok(format!("oci:{}", bench.path("large")))
}

/// Makes a layout with one layer, which a shell command writes as a tar.
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
        // The size is a guess, as for everybody who does this by hand.
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

/// Seconds that another tool takes until its disk is synced, at most [`PATIENCE`].
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
