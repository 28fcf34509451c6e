//! Simulates power loss: a run is recorded by its system calls, and the power fails after each of
//! them.
//!
//! ```text
//! strace -> Effects -> History --crash--> State -> a server started on it -> faults
//! ```
//! The run is recorded once. From its steps follow the disks that a crash may leave, by rules as
//! strict as those of POSIX ([`crash`]). On each of these disks a server must start, and must have
//! everything that was acknowledged to a client.

mod crash;
mod effects;
mod script;
mod strace;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use crash::{Disk, History, Unsynced};
use effects::{Effect, Recorder};

use script::Script;

use crate::content;
use crate::model::{self, Model};
use crate::server::{self, Server};
use crate::{seed, setting};

/// System calls that change files, send responses, or would escape the recording.
const CALLS: &str = "trace=open,openat,openat2,creat,write,writev,pwrite64,pwritev,pwritev2,\
    ftruncate,truncate,fallocate,fsync,fdatasync,sync,syncfs,msync,rename,renameat,renameat2,link,\
    linkat,symlink,symlinkat,unlink,unlinkat,mkdir,mkdirat,rmdir,lseek,sendto,sendmsg,\
    copy_file_range,splice,mmap,io_uring_setup";

/// The steps of a run, and the state that clients knew after each response.
struct Recording {
    effects: Vec<Effect>,
    told: Vec<Model>,
}

#[test]
fn what_was_acknowledged_survives_power_loss() {
    let seed = seed("power loss");
    let recording = recording();
    let most = setting("LAZARET_TORTURE_STATES", 150).try_into().unwrap();
    let mut crashes = crashes(&recording.effects, seed);
    let all = crashes.len();
    if all > most {
        fastrand::Rng::with_seed(seed).shuffle(&mut crashes);
        crashes.truncate(most);
    }
    let began = Instant::now();
    let (tried, faults) = try_all(recording, Disk::Honest, &crashes);
    eprintln!(
        "power loss: {} steps, {} answers; {tried} disks of {all} in {:?}",
        recording.effects.len(),
        recording.told.len(),
        began.elapsed()
    );
    assert!(tried >= most.min(50), "only {tried} disks were tried");
    let first: Vec<_> = faults.iter().take(5).collect();
    assert!(
        faults.is_empty(),
        "{} faults, such as {first:#?}",
        faults.len()
    );
}

/// Tests the test: it must find faults on disks that do not sync.
#[test]
fn a_missing_sync_is_found() {
    let recording = recording();
    let crashes: Vec<_> = answers(&recording.effects)
        .map(|step| (step, Unsynced::Lost))
        .collect();
    for disk in [
        Disk::IgnoresFolders("objects/"),
        Disk::IgnoresFiles("objects/"),
        Disk::IgnoresFiles("registry.db"),
        Disk::IgnoresFolders(""),
    ] {
        // Late crashes, when there is content to lose.
        let late = &crashes[crashes.len() - 6..];
        let (_, faults) = try_all(recording, disk, late);
        eprintln!("{disk:?}: {} faults", faults.len());
        assert!(!faults.is_empty(), "nothing was lost with {disk:?}");
    }
}

/// The steps after which a client had a response.
fn answers(effects: &[Effect]) -> impl Iterator<Item = usize> {
    let is_answer = |(step, effect): (usize, &Effect)| {
        matches!(effect, Effect::Answer { .. }).then_some(step + 1)
    };
    effects.iter().enumerate().filter_map(is_answer)
}

/// All crashes that may leave a disk that no earlier crash leaves.
fn crashes(effects: &[Effect], seed: u64) -> Vec<(usize, Unsynced)> {
    let mut crashes = vec![(0, Unsynced::Lost)];
    for (step, effect) in effects.iter().enumerate() {
        let after = step + 1;
        let random = |number| Unsynced::Some(seed ^ ((after as u64) << 8) ^ number);
        match effect {
            Effect::SyncFile { .. } | Effect::SyncFolder { .. } => {
                crashes.push((after, Unsynced::Lost));
            }
            Effect::Answer { .. } => {
                crashes.extend([Unsynced::Kept, Unsynced::Lost].map(|left| (after, left)));
                crashes.extend((0..4).map(|number| (after, random(number))));
            }
            _ => crashes.extend([(after, Unsynced::Kept), (after, random(0))]),
        }
    }
    crashes
}

/// Starts a server on each disk; returns the number of different disks and all faults.
fn try_all(
    recording: &Recording,
    disk: Disk,
    crashes: &[(usize, Unsynced)],
) -> (usize, Vec<String>) {
    let history = History::new(&recording.effects, disk);
    let (next, seen) = (AtomicUsize::new(0), Mutex::new(HashSet::new()));
    let faults = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().unwrap().get() {
            scope.spawn(|| {
                while let Some(&(step, left)) = crashes.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let state = history.crash(step, left);
                    let answers = answers(&recording.effects[..step]).count();
                    if !seen.lock().unwrap().insert((state.print(), answers)) {
                        continue;
                    }
                    let folder = memory_folder();
                    let root = folder.path().join("root");
                    std::fs::create_dir(&root).unwrap();
                    state.write(&root);
                    let found = after_crash(&root, &recording.told, answers);
                    let place = format!("step {step} of {}, {left:?}", recording.effects.len());
                    let found = found.into_iter().map(|fault| format!("{place}: {fault}"));
                    faults.lock().unwrap().extend(found);
                }
            });
        }
    });
    (
        seen.into_inner().unwrap().len(),
        faults.into_inner().unwrap(),
    )
}

/// The faults of the registry in `root`, whose clients have seen this many responses.
fn after_crash(root: &Path, told: &[Model], answers: usize) -> Vec<String> {
    let server = match Server::try_start(server::serve(root), root) {
        Ok(server) => server,
        Err(error) => return vec![error],
    };
    let nothing = Model::default();
    let before = answers.checked_sub(1).map_or(&nothing, |last| &told[last]);
    let after = told.get(answers).unwrap_or(before);
    let mut faults = model::faults(&server, before, after);
    // The registry must also work: the interrupted content is pushed again.
    let (config, layer) = (b"{}".to_vec(), content::bytes(2, 300_000));
    let manifest = content::manifest(&config, &[&layer], "after");
    let pushed = [
        content::push(server.address, "team/app", &config),
        content::push(server.address, "team/app", &layer),
        content::put_manifest(server.address, "team/app", "after", &manifest),
    ];
    for reply in pushed {
        if !reply.as_ref().is_ok_and(|reply| reply.status == 201) {
            faults.push(format!("a later push fails: {reply:?}\n{}", server.log()));
        }
    }
    if server.get("/v2/team/app/manifests/after").body != manifest {
        faults.push("a later push is not there".to_owned());
    }
    faults
}

/// Runs the script under `strace`, once for all tests.
fn recording() -> &'static Recording {
    static RECORDING: OnceLock<Recording> = OnceLock::new();
    RECORDING.get_or_init(|| {
        let folder = memory_folder();
        let root = folder.path().canonicalize().unwrap().join("root");
        std::fs::create_dir(&root).unwrap();
        let mut recorder = Recorder::new(&root);
        let mut script = Script::new();
        let log = folder.path().join("strace");
        let days: [fn(&mut Script, &Server); 2] = [Script::first_day, Script::second_day];
        for day in days {
            let server = Server::try_start(traced(server::serve(&root), &log), &root).unwrap();
            // Being ready counts as a response.
            script.answered();
            day(&mut script, &server);
            stop(server);
            recorder.record(&finished(&log));
            // Content that was deleted becomes garbage in the first run, and is removed in the
            // second.
            for _ in 0..2 {
                let output = traced(server::collect(&root, "0s"), &log).output().unwrap();
                let error = String::from_utf8_lossy(&output.stderr);
                assert!(output.status.success(), "{error}");
                recorder.record(&finished(&log));
            }
        }
        let effects = recorder.effects;
        assert_eq!(
            answers(&effects).count(),
            script.told.len(),
            "answers were not recorded"
        );
        let is_removal = |effect: &Effect| match effect {
            Effect::Names { folder, names } => {
                folder.starts_with("objects") && names.iter().any(|(_, node)| node.is_none())
            }
            _ => false,
        };
        assert!(effects.iter().any(is_removal), "nothing was collected");
        let told = script.told;
        Recording { effects, told }
    })
}

/// The command under `strace`, which runs in the background: the process id is that of the command.
fn traced(command: Command, log: &Path) -> Command {
    let mut traced = Command::new("strace");
    traced
        .args([
            "-D",
            "-f",
            "--seccomp-bpf",
            "-yy",
            "-xx",
            "-v",
            "-s",
            "100000000",
            "-e",
            CALLS,
            "-o",
        ])
        .arg(log)
        .arg(command.get_program())
        .args(command.get_args())
        .env_clear()
        .envs(
            command
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
    traced
}

/// Tells a server to end, and waits until it has.
fn stop(server: Server) {
    server.program.terminate();
    server.program.wait();
}

/// Reads the log, after the tracer has written its last line.
fn finished(log: &Path) -> String {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let text = std::fs::read_to_string(log).unwrap();
        let main = text.split(' ').next().unwrap().to_owned();
        let is_end = |line: &str| line.starts_with(&main) && line.contains("+++ exited with 0 +++");
        if text.ends_with('\n') && text.lines().next_back().is_some_and(is_end) {
            return text;
        }
        assert!(
            Instant::now() < deadline,
            "strace does not end: {:?}",
            text.lines().next_back()
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A folder in memory, if the machine has one: no test here needs a real disk.
fn memory_folder() -> tempfile::TempDir {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() {
        tempfile::tempdir_in(memory).unwrap()
    } else {
        tempfile::tempdir().unwrap()
    }
}
