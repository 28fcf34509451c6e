//! Property: after a failure at any step the state is the one that [`Life`] says, nothing runs that
//! should not, and the machine can be started again.

use std::time::Duration;

use lazaret_protocol::Outcome;
use proptest::prelude::*;
use proptest::test_runner::Config;
use rustix::process::{Pid, Signal, kill_process};

use super::fake::{Fake, Then, World};
use crate::machines::machine::Machine;
use crate::machines::{Ending, Life};

/// Time limits for a step that hangs, and for one that does not.
const PATIENCE: [Duration; 2] = [Duration::from_millis(10), Duration::from_secs(60)];

/// The last action of the holder.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Last {
    Ends(Ending),
    SessionBreaks,
    Dies,
}

#[derive(Debug, Clone)]
struct Story {
    disk_is_written: bool,
    is_started: bool,
    start: Then,
    boot: Then,
    emulator_is_killed: bool,
    is_removed: bool,
    dies_late: bool,
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
        Just(Last::Dies),
    ];
    let often = || prop::bool::weighted(0.9);
    (
        often(),
        often(),
        then(),
        then(),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        last,
    )
        .prop_map(
            |(
                disk_is_written,
                is_started,
                start,
                boot,
                emulator_is_killed,
                is_removed,
                dies_late,
                last,
            )| {
                Story {
                    disk_is_written,
                    is_started,
                    start,
                    boot,
                    emulator_is_killed,
                    is_removed,
                    dies_late,
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
    let mut other = world.create(&bystander, true, false).unwrap();
    other.start(0).await.unwrap();

    let expected = match world.create(&fake, story.disk_is_written, story.is_removed) {
        Ok(machine) => {
            assert!(story.disk_is_written);
            let id = machine.spec().id.clone();
            hold(&world, &fake, machine, &story)
                .await
                .map(|life| (id, life))
        }
        Err(_) => {
            assert!(!story.disk_is_written);
            None
        }
    };

    assert!(!world.is_leased(), "a machine keeps a lease");
    let machines = world.machines();
    assert!(fake.living().is_empty(), "an emulator outlived its machine");
    assert_eq!(
        machines.len(),
        world.entries().len(),
        "an unfinished folder is left"
    );
    let find = |id: &str| {
        let mut machines = machines.iter();
        machines
            .find(|found| found.spec.id == id)
            .map(|found| found.state.life.clone())
    };
    assert_eq!(
        find(&other.spec().id),
        Some(Life::Running),
        "another machine was touched"
    );
    assert_eq!(machines.len(), 1 + usize::from(expected.is_some()));
    if let Some((id, life)) = expected {
        assert_eq!(find(&id), Some(life));
        again(&world, &id).await;
    }
    assert_eq!(bystander.living().len(), 1);
    other.end(Ok(Ending::Killed)).await.unwrap();
}

/// Holds a machine through its story; returns the state in which it should be found then, unless it
/// should be removed.
async fn hold(
    world: &World,
    fake: &Fake,
    mut machine: Machine<Fake>,
    story: &Story,
) -> Option<Life> {
    let hangs = story.start == Then::Hangs || story.boot == Then::Hangs;
    let patience = PATIENCE[usize::from(!hangs || story.start == Then::Fails)];
    if story.is_started {
        let started = tokio::time::timeout(patience, machine.start(0)).await;
        let expected = match (story.start, story.boot, &started) {
            (Then::Works, Then::Works, Ok(Ok(()))) => Life::Running,
            (Then::Fails, _, Ok(Err(_))) | (Then::Works, Then::Fails, Ok(Err(_))) => Life::Starting,
            (Then::Hangs, _, Err(_)) | (Then::Works, Then::Hangs, Err(_)) => Life::Starting,
            _ => panic!("{story:?} started with {started:?}"),
        };
        assert_eq!(machine.life(), &expected);
    }
    if story.emulator_is_killed {
        for pid in fake.living() {
            kill_process(Pid::from_raw(pid.cast_signed()).unwrap(), Signal::KILL).unwrap();
        }
    }
    let kept = |life| (!story.is_removed).then_some(life);
    let mine = machine.spec().id.clone();
    let seen = world
        .machines()
        .into_iter()
        .find(|found| found.spec.id == mine)
        .unwrap();
    assert_eq!(
        &seen.state.life,
        machine.life(),
        "a machine that is held was settled"
    );
    let ending = match &story.last {
        Last::Dies => {
            drop(machine);
            return kept(Life::Lost);
        }
        Last::Ends(ending) => Ok(ending.clone()),
        Last::SessionBreaks => Err("it broke".to_owned()),
    };
    let life = machine.end(ending.clone()).await.unwrap();
    assert_eq!(life, ending.map_or(Life::Lost, Life::Exited));
    if story.dies_late {
        drop(machine);
    } else {
        machine.release().unwrap();
    }
    kept(life)
}

/// A machine that has ended can be started again.
async fn again(world: &World, id: &str) {
    let found = world.machines.find(id).unwrap();
    let held = world.machines.hold(&found).unwrap().unwrap();
    assert!(
        world.machines.hold(&found).unwrap().is_none(),
        "two hold one machine"
    );
    let fake = Fake::new(Then::Works, Then::Works);
    let mut machine = Machine::new(held, fake, None);
    machine.start(0).await.unwrap();
    let life = machine
        .end(Ok(Ending::Exit(Outcome::Code(0))))
        .await
        .unwrap();
    assert_eq!(life.status(), Some(0));
}
