//! Property: after a failure at any step the state is the one that [`Life`] says, and nothing is
//! left behind.

use std::path::Path;
use std::time::Duration;

use lazaret_protocol::Outcome;
use proptest::prelude::*;
use proptest::test_runner::Config;
use rustix::process::{Pid, Signal, kill_process};

use super::fake::{Fake, Then, World};
use crate::machines::machine::Machine;
use crate::machines::{Ending, Life, Machines};

/// Time limits for a step that hangs, and for one that does not.
const PATIENCE: [Duration; 2] = [Duration::from_millis(10), Duration::from_secs(60)];

/// The last action of the holder.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Last {
    Ends(Ending),
    SessionBreaks,
    Drops,
}

#[derive(Debug, Clone)]
struct Story {
    disk_is_written: bool,
    is_started: bool,
    start: Then,
    boot: Then,
    emulator_is_killed: bool,
    holder_dies: bool,
    last: Last,
}

fn then() -> impl Strategy<Value = Then> {
    prop_oneof![4 => Just(Then::Works), 1 => Just(Then::Fails), 1 => Just(Then::Hangs)]
}

fn story() -> impl Strategy<Value = Story> {
    let last = prop_oneof![
        any::<u8>().prop_map(|code| Last::Ends(Ending::Exit(Outcome::Code(code)))),
        Just(Last::Ends(Ending::Killed)),
        Just(Last::SessionBreaks),
        Just(Last::Drops),
    ];
    let often = || prop::bool::weighted(0.9);
    (
        often(),
        often(),
        then(),
        then(),
        any::<bool>(),
        any::<bool>(),
        last,
    )
        .prop_map(
            |(disk_is_written, is_started, start, boot, emulator_is_killed, holder_dies, last)| {
                Story {
                    disk_is_written,
                    is_started,
                    start,
                    boot,
                    emulator_is_killed,
                    holder_dies,
                    last,
                }
            },
        )
}

proptest! {
    #![proptest_config(Config::with_cases(128))]
    #[test]
    fn whatever_fails_the_life_is_as_drawn_and_nothing_is_left(story in story()) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(live(story));
    }
}

async fn live(story: Story) {
    let world = World::new();
    let fake = Fake::new(story.start, story.boot);
    let bystander = Fake::new(Then::Works, Then::Works);
    let mut other = world.create(&bystander, true).await.unwrap();
    other.start().await.unwrap();

    match world.create(&fake, story.disk_is_written).await {
        Ok(machine) => {
            assert!(story.disk_is_written);
            hold(&world, &fake, machine, &story).await;
        }
        Err(_) => assert!(!story.disk_is_written),
    }

    assert!(fake.living().is_empty(), "an emulator outlived its machine");
    assert_eq!(world.folders(), [other.folder().to_owned()]);
    assert!(!world.is_leased(), "a machine that is gone keeps a lease");
    assert_eq!(bystander.living().len(), 1, "another machine was touched");
    other.end(Some(Ending::Killed)).await.unwrap();
}

async fn hold(world: &World, fake: &Fake, mut machine: Machine<Fake>, story: &Story) {
    assert!(world.is_leased());
    if story.is_started {
        let hangs = story.start == Then::Hangs || story.boot == Then::Hangs;
        let patience = PATIENCE[usize::from(!hangs || story.start == Then::Fails)];
        let started = tokio::time::timeout(patience, machine.start()).await;
        let expected = match (story.start, story.boot, &started) {
            (Then::Works, Then::Works, Ok(Ok(()))) => Life::Running,
            (Then::Fails, _, Ok(Err(_))) | (Then::Works, Then::Fails, Ok(Err(_))) => Life::Lost,
            (Then::Hangs, _, Err(_)) | (Then::Works, Then::Hangs, Err(_)) => Life::Starting,
            _ => panic!("{story:?} started with {started:?}"),
        };
        assert_eq!(machine.life(), &expected);
    }
    assert_eq!(world.is_leased(), machine.life() != &Life::Running);
    if story.emulator_is_killed {
        for pid in fake.living() {
            kill_process(Pid::from_raw(pid.cast_signed()).unwrap(), Signal::KILL).unwrap();
        }
    }
    if story.holder_dies {
        dies(world, fake, machine.folder());
    }
    let was_over = machine.life().is_over();
    let (ending, expected) = match &story.last {
        Last::Drops => return drop(machine),
        Last::Ends(ending) => (Some(ending.clone()), Life::Exited(ending.clone())),
        Last::SessionBreaks => (None, Life::Lost),
    };
    match machine.end(ending).await {
        Ok(life) => assert_eq!((life, was_over), (expected, false)),
        Err(_) => assert!(was_over),
    }
}

/// A holder that dies leaves its folder without a lock. The next command ends the emulator and
/// removes the folder, and touches no locked folder.
fn dies(world: &World, fake: &Fake, folder: &Path) {
    let left = folder.with_file_name("lazaret-0123456789abcdef");
    std::fs::create_dir(&left).unwrap();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, left.join(path.file_name().unwrap())).unwrap();
    }
    Machines::open(folder.parent().unwrap().to_owned()).unwrap();
    assert!(!left.exists() && folder.exists());
    assert!(
        fake.living().is_empty(),
        "the emulator of a dead holder lives"
    );
    assert_eq!(world.folders().len(), 2);
}
