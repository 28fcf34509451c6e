use std::fs;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use lazaret_vm::{Error, Machine, Streams, Template};

use crate::world::{PATIENCE, World, run};

/// Whether a process is there, be it as a zombie.
fn exists(pid: u32) -> bool {
    std::path::Path::new(&format!("/proc/{pid}")).exists()
}

#[tokio::test(flavor = "multi_thread")]
async fn machines_of_one_template_have_disks_and_clocks_of_their_own() {
    let world = World::get().await;
    let template = world.template().await;
    let (left, right) = (world.plan("left", 16), world.plan("right", 32));
    let (mut one, mut two) = tokio::join!(
        world.restore(&left, &template),
        world.restore(&right, &template),
    );
    let ((one_saw, one_channel), (two_saw, two_channel)) = tokio::join!(
        run(&mut one, &left, &["disks"]),
        run(&mut two, &right, &["disks"]),
    );
    let root = fs::metadata(world.path("root")).unwrap().len() / 512;
    assert_eq!(
        one_saw,
        format!("left size=32768 ro=0\nroot size={root} ro=1\n")
    );
    assert_eq!(
        two_saw,
        format!("right size=65536 ro=0\nroot size={root} ro=1\n")
    );
    drop((one_channel, two_channel));
    // The guests power off when the host hangs up.
    for machine in [&mut one, &mut two] {
        let status = tokio::time::timeout(PATIENCE, machine.wait())
            .await
            .unwrap();
        assert!(status.success(), "{status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn time_goes_on_in_a_restored_machine() {
    let world = World::get().await;
    let plan = world.plan("clocks", 8);
    let template = world.template().await;
    let mut machine = world.restore(&plan, &template).await;
    let (output, channel) = run(&mut machine, &plan, &["clocks"]).await;
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let mut lines = output.lines();
    let slept: u64 = lines.next().unwrap().parse().unwrap();
    assert!((50..5_000).contains(&slept), "{output}");
    let clock: u64 = lines.next().unwrap().parse().unwrap();
    assert!(now.abs_diff(clock) <= 5, "{output} {now}");
    // The counter of the processor, be it before or after Linux has measured it for a second.
    let counter = lines.next().unwrap();
    assert!(matches!(counter, "tsc" | "tsc-early"), "{output}");
    machine.pause().await.unwrap();
    machine.pause().await.unwrap();
    machine.resume().await.unwrap();
    drop(channel);
    let status = tokio::time::timeout(PATIENCE, machine.wait())
        .await
        .unwrap();
    assert!(status.success(), "{status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_is_refused_and_leaves_no_process() {
    let world = World::get().await;
    let plan = world.plan("refused", 8);
    let (folder, template) = world.save(&plan, "damaged").await;
    let refused = |error: Error| match error {
        Error::Template { reason, .. } => reason,
        other => panic!("{other:?}"),
    };
    // Another machine.
    let mut larger = plan.clone();
    larger.memory_mib = 512;
    let restored = Machine::restore(
        &world.qemu,
        &larger,
        &template,
        Streams::default(),
        PATIENCE,
    )
    .await;
    assert_eq!(
        refused(restored.unwrap_err()),
        "its memory is `256 MiB`, that of the machine is `512 MiB`"
    );
    let mut fewer = plan.clone();
    fewer.disks.pop();
    let restored =
        Machine::restore(&world.qemu, &fewer, &template, Streams::default(), PATIENCE).await;
    let reason = refused(restored.unwrap_err());
    assert!(reason.contains("number of disks is `2`"), "{reason}");
    // Damaged files.
    for name in ["memory", "state"] {
        let path = folder.join(name);
        let good = fs::read(&path).unwrap();
        fs::write(&path, &good[..good.len() / 2]).unwrap();
        let reason = refused(Template::open(&folder).unwrap_err());
        assert!(reason.contains("bytes and not"), "{reason}");
        let mut bad = good.clone();
        bad[good.len() / 2] ^= 1;
        fs::write(&path, &bad).unwrap();
        let reason = refused(Template::open(&folder).unwrap_err());
        assert!(reason.contains("digest"), "{reason}");
        fs::write(&path, &good).unwrap();
    }
    // A state that only QEMU can refuse: the digest is right.
    let state = fs::read(folder.join("state")).unwrap();
    let record = folder.join("template.json");
    let text = fs::read_to_string(&record).unwrap();
    let bad = vec![b'x'; state.len()];
    fs::write(folder.join("state"), &bad).unwrap();
    fs::write(&record, text.replace(&sha256(&state), &sha256(&bad))).unwrap();
    let memory = template.memory().try_clone_to_owned().unwrap();
    let hostile = Template::with_memory(&folder, memory).unwrap();
    let begin = Instant::now();
    let error = Machine::restore(&world.qemu, &plan, &hostile, Streams::default(), PATIENCE)
        .await
        .unwrap_err();
    assert!(matches!(error, Error::MachineEnded { .. }), "{error:?}");
    assert!(begin.elapsed() < Duration::from_secs(20), "{error}");
}

/// The digest of bytes, by a program of another's.
fn sha256(bytes: &[u8]) -> String {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    std::io::Write::write_all(&mut file, bytes).unwrap();
    let output = std::process::Command::new("sha256sum")
        .arg(file.path())
        .output();
    let text = String::from_utf8(output.unwrap().stdout).unwrap();
    text.split_whitespace().next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emulator_that_dies_is_an_error_at_once() {
    let world = World::get().await;
    let plan = world.plan("dying", 8);
    let template = world.template().await;
    // At whatever moment it dies, restoring ends, with a machine that is dead or with an error.
    for delay in [0, 2, 5, 10, 20, 40, 80, 160] {
        let restoring =
            Machine::restore(&world.qemu, &plan, &template, Streams::default(), PATIENCE);
        let killing = async {
            let mut last = None;
            let begin = Instant::now();
            while last.is_none() && begin.elapsed() < PATIENCE {
                last = emulators().pop();
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            tokio::time::sleep(Duration::from_millis(delay)).await;
            let pid = last.unwrap();
            let raw = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
            rustix::process::kill_process(raw, rustix::process::Signal::KILL).unwrap();
            (pid, Instant::now())
        };
        let (restored, (pid, killed)) = tokio::join!(restoring, killing);
        assert!(
            killed.elapsed() < Duration::from_secs(10),
            "after {delay} ms"
        );
        match restored {
            Ok(mut machine) => {
                machine.wait().await;
            }
            Err(Error::MachineEnded { .. }) => {}
            Err(other) => panic!("{other:?}"),
        }
        assert!(!exists(pid), "after {delay} ms");
    }
}

/// The emulators that are children of this thread's process and restore a machine of this test.
fn emulators() -> Vec<u32> {
    let own = std::process::id();
    let mut found = Vec::new();
    for task in fs::read_dir(format!("/proc/{own}/task")).unwrap().flatten() {
        let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
        for pid in children
            .split_whitespace()
            .filter_map(|pid| pid.parse().ok())
        {
            let command = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            if command.contains("-incoming") && command.contains("dying") {
                found.push(pid);
            }
        }
    }
    found
}
