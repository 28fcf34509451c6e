//! Measures the time from the command to the guest's first output: `lazaret run` of a cached image
//! against QEMU started by hand with the same arguments.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::net::UnixListener;
use std::process::{Command, Stdio};
use std::time::Instant;

use lazaret_testing::machine::kernel_package;

use super::tools::{Bench, median, timed};

const ROUNDS: usize = 7;

pub(super) fn run(bench: &Bench) -> Result<(), String> {
    let kernel = kernel_package()?;
    timed(&mut bench.lazaret(&["kernel", "import", &kernel.display().to_string()]))?;
    let root = bench.folder.join("rootfs");
    std::fs::create_dir_all(root.join("bin")).map_err(|error| error.to_string())?;
    std::fs::copy("/bin/busybox", root.join("bin/true")).map_err(|error| error.to_string())?;
    timed(&mut bench.lazaret(&["image", "import", &root.display().to_string(), "bench:v1"]))?;
    // Converts the image, probes the accelerator and makes the initramfs beforehand.
    timed(&mut bench.lazaret(&["-q", "run", "bench:v1", "--", "/bin/true"]))?;

    let (_, arguments) = lazaret(bench)?;
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(lazaret(bench)?.0);
        bare.push(qemu(bench, &arguments)?);
    }
    let (ours, bare) = (median(ours), median(bare));
    println!("machine: seconds from command to the guest's hello, median of {ROUNDS}");
    println!("  lazaret run, cached image  {ours:.3}");
    println!("  the same QEMU by hand      {bare:.3}");
    println!("  lazaret adds               {:.3}", ours - bare);
    Ok(())
}

/// Runs once; returns the seconds until the guest was up, and QEMU's arguments.
fn lazaret(bench: &Bench) -> Result<(f64, Vec<String>), String> {
    let start = Instant::now();
    let mut child = bench
        .lazaret(&["--log", "debug", "run", "bench:v1", "--", "/bin/true"])
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    let stderr = child.stderr.take().ok_or("no standard error")?;
    let mut seconds = None;
    let mut arguments = Vec::new();
    for line in BufReader::new(stderr).lines() {
        let line = line.map_err(|error| error.to_string())?;
        if line.contains("guest is up") {
            seconds = Some(start.elapsed().as_secs_f64());
            arguments = arguments_of_child(child.id());
            keep_descriptors(bench, &arguments)?;
        }
    }
    child.wait().map_err(|error| error.to_string())?;
    Ok((seconds.ok_or("the guest did not come up")?, arguments))
}

/// The command line of the QEMU process that `parent` has started.
fn arguments_of_child(parent: u32) -> Vec<String> {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    for process in processes {
        let stat = std::fs::read_to_string(process.path().join("stat")).unwrap_or_default();
        let Some((_, rest)) = stat.rsplit_once(')') else {
            continue;
        };
        if rest.split_whitespace().nth(1) == Some(&parent.to_string()) {
            let line = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
            return line
                .split(|byte| *byte == 0)
                .filter(|part| !part.is_empty())
                .map(|part| String::from_utf8_lossy(part).into_owned())
                .collect();
        }
    }
    Vec::new()
}

/// Copies the files that say of which parts a disk consists: they end with their machine, the
/// parts do not.
fn keep_descriptors(bench: &Bench, arguments: &[String]) -> Result<(), String> {
    for argument in arguments {
        if let Some((options, path)) = argument.split_once("file.filename=")
            && options.contains(DESCRIBED)
        {
            std::fs::copy(path, descriptor(bench, path)).map_err(|error| error.to_string())?;
        }
    }
    Ok(())
}

/// Driver of disks that consist of parts.
const DESCRIBED: &str = "driver=vmdk";

/// Our copy of such a file.
fn descriptor(bench: &Bench, path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    bench.path(&format!("parts-{name}"))
}

/// QEMU by hand: sockets and the disks that ended with their machine are ours, everything else is
/// as it was.
fn qemu(bench: &Bench, arguments: &[String]) -> Result<f64, String> {
    let socket = bench.path("control.sock");
    let _ = std::fs::remove_file(&socket);
    let listener = UnixListener::bind(&socket).map_err(|error| error.to_string())?;
    let scratch = bench.path("scratch");
    let file = std::fs::File::create(&scratch).map_err(|error| error.to_string())?;
    file.set_len(16 << 30).map_err(|error| error.to_string())?;
    let own = |argument: &String| {
        if argument.starts_with("socket,id=control") {
            format!("socket,id=control,path={socket}")
        } else if argument.starts_with("socket,id=console") {
            format!("file,id=console,path={}", bench.path("console"))
        } else if let Some((options, path)) = argument.split_once("file.filename=")
            && path.contains("/run/machines/")
        {
            let scratch = if options.contains(DESCRIBED) {
                descriptor(bench, path)
            } else {
                scratch.clone()
            };
            format!("{options}file.filename={scratch}")
        } else {
            argument.clone()
        }
    };
    let [program, rest @ ..] = arguments else {
        return Err("QEMU's arguments could not be read".to_owned());
    };
    let start = Instant::now();
    let mut child = Command::new(program)
        .args(rest.iter().map(own))
        .stdin(Stdio::null())
        .spawn()
        .map_err(|error| error.to_string())?;
    let hello = listener
        .accept()
        .and_then(|(mut stream, _)| stream.read_exact(&mut [0]));
    let seconds = start.elapsed().as_secs_f64();
    let ended = child.kill().and_then(|()| child.wait());
    hello.map_err(|error| format!("the guest did not come up: {error}"))?;
    ended.map_err(|error| error.to_string())?;
    Ok(seconds)
}
