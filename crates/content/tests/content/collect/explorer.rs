//! Explores random interleavings of clients and collectors, step by step, and shrinks failures.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use lazaret_content::collect::retention::Retention;
use proptest::collection::{btree_set, vec};
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::test_runner::{Config, TestError, TestRunner};

use super::actors::{Client, Task};
use super::gated::{Gate, Gated, GatedObjects, Mistake};
use super::world::{GARBAGE_GRACE, GRACE, World};

/// Number of collectors beside the clients: two replicas.
const COLLECTORS: usize = 2;
/// Number of runs of each collector.
const RUNS: usize = 3;

/// The next event of a story.
#[derive(Debug, Clone)]
enum Turn {
    /// An actor takes this number of steps, while all others wait.
    Step(u8, u8),
    /// Time passes.
    Advance(Duration),
    /// An actor dies.
    Kill(u8),
}

#[derive(Debug, Clone)]
struct Story {
    /// Content that is pushed and left alone until all of it may be collected.
    old: Vec<Task>,
    tasks: Vec<Task>,
    turns: Vec<Turn>,
    retention: bool,
}

struct Actor {
    gate: Arc<Gate>,
    life: Pin<Box<dyn Future<Output = ()>>>,
}

impl Actor {
    /// Lets the actor go on until it waits for its next turn; `false` when it is done.
    async fn go(&mut self, turns: usize) -> bool {
        std::future::poll_fn(|context| match self.life.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(false),
            Poll::Pending if self.gate.waits_after(turns) => Poll::Ready(true),
            Poll::Pending => Poll::Pending,
        })
        .await
    }
}

fn stories() -> impl Strategy<Value = Story> {
    let blobs = || btree_set(0..3_usize, 1..3);
    let name = || proptest::option::weighted(0.6, 0..2_usize);
    let push = move || {
        prop_oneof![
            4 => (0..2_usize, blobs(), name()).prop_map(|(r, b, t)| Task::Push(r, b, t)),
            1 => (0..2_usize, blobs(), name()).prop_map(|(r, b, t)| Task::Index(r, b, t)),
            1 => (0..2_usize, blobs()).prop_map(|(r, b)| Task::Refer(r, b)),
        ]
    };
    let mount = (0..2_usize, blobs(), name()).prop_map(|(r, b, t)| Task::Mount(r, 1 - r, b, t));
    let task = prop_oneof![
        5 => push(),
        3 => mount,
        2 => (0..2_usize, blobs()).prop_map(|(r, b)| Task::Delete(r, b)),
        1 => (0..2_usize, 0..2_usize).prop_map(|(r, t)| Task::Untag(r, t)),
        1 => (0..2_usize, 0..3_usize).prop_map(|(r, b)| Task::Unlink(r, b)),
        3 => (0..2_usize, 0..3_usize).prop_map(|(r, b)| Task::Read(r, b)),
    ];
    let second = Duration::from_secs(1);
    let turn = prop_oneof![
        20 => any::<u8>().prop_map(|actor| Turn::Step(actor, 1)),
        // Mistakes show only after long waits.
        20 => (any::<u8>(), 2..30_u8).prop_map(|(actor, steps)| Turn::Step(actor, steps)),
        3 => prop_oneof![
            Just(second),
            Just(GARBAGE_GRACE / 2),
            Just(GARBAGE_GRACE + second),
            Just(GRACE / 2),
            Just(GRACE + second),
        ]
        .prop_map(Turn::Advance),
        1 => any::<u8>().prop_map(Turn::Kill),
    ];
    (
        vec(push(), 0..3),
        vec(task, 2..6),
        vec(turn, 0..60),
        any::<bool>(),
    )
        .prop_map(|(old, tasks, turns, retention)| Story {
            old,
            tasks,
            turns,
            retention,
        })
}

/// The stores as an actor that takes turns sees them.
fn view(world: &World, gate: &Arc<Gate>, mistake: Mistake) -> (Arc<Gated>, Arc<GatedObjects>) {
    let database = Gated {
        inner: world.database.clone(),
        gate: gate.clone(),
        ledger: world.ledger.clone(),
        mistake,
    };
    let objects = GatedObjects {
        inner: world.objects.clone(),
        gate: gate.clone(),
    };
    (Arc::new(database), Arc::new(objects))
}

fn client(world: &World, task: Task) -> Actor {
    let gate = Gate::new();
    let (database, objects) = view(world, &gate, Mistake::None);
    let client = Client {
        database,
        objects,
        clock: world.clock.clone(),
        ledger: world.ledger.clone(),
    };
    Actor {
        gate,
        life: Box::pin(client.perform(task)),
    }
}

fn collector(world: &World, retention: Retention, mistake: Mistake) -> Actor {
    let gate = Gate::new();
    let (database, objects) = view(world, &gate, mistake);
    let collector = world.collector(database, objects, retention);
    Actor {
        gate,
        life: Box::pin(async move {
            for _ in 0..RUNS {
                collector.run(&mut |_, _| {}).await.unwrap();
            }
        }),
    }
}

fn retention(wanted: bool) -> Retention {
    let rules = r#"[{"repositories": ["acme/*"], "keep": {"newer_than": "150s"},
                     "untagged": {"delete_after": "0s"}}]"#;
    match wanted {
        true => serde_json::from_str(rules).unwrap(),
        false => Retention::default(),
    }
}

async fn play(story: &Story, mistake: Mistake) {
    let world = World::new().await;
    for task in &story.old {
        let mut actor = client(&world, task.clone());
        let mut turns = 0;
        while actor.go(turns).await {
            turns = actor.gate.open();
        }
        // Rules find old manifests; without rules these are deleted here, but not their blobs.
        for (repository, digest) in world.ledger.manifests().into_keys() {
            if !story.retention {
                let gone = world
                    .database
                    .delete_manifest(&repository, &digest, &[])
                    .await;
                gone.unwrap();
                world.ledger.deleted(&repository, &digest);
            }
        }
    }
    world.clock.advance(GRACE + Duration::from_secs(1));
    let mut actors: Vec<Actor> = story
        .tasks
        .iter()
        .map(|task| client(&world, task.clone()))
        .collect();
    for _ in 0..COLLECTORS {
        actors.push(collector(&world, retention(story.retention), mistake));
    }
    let mut alive = Vec::new();
    for mut actor in actors {
        if actor.go(0).await {
            alive.push(actor);
        }
    }
    let mut turns = story.turns.iter();
    while !alive.is_empty() {
        // When the story has ended, all actors finish in turn.
        let turn = turns.next().cloned().unwrap_or(Turn::Step(0, 1));
        match turn {
            Turn::Advance(time) => world.clock.advance(time),
            Turn::Kill(number) => {
                drop(alive.swap_remove(usize::from(number) % alive.len()));
            }
            Turn::Step(number, steps) => {
                let number = usize::from(number) % alive.len();
                for _ in 0..steps {
                    let actor = &mut alive[number];
                    let turns = actor.gate.open();
                    let goes_on = actor.go(turns).await;
                    world.assert_promises().await;
                    if !goes_on {
                        drop(alive.swap_remove(number));
                        break;
                    }
                }
            }
        }
    }
    world.assert_nothing_is_left_over().await;
}

/// Plays stories until one fails; returns the failure, shrunk.
fn explore(stories_to_play: u32, mistake: Mistake) -> Option<String> {
    let config = Config {
        cases: stories_to_play,
        failure_persistence: None,
        max_shrink_iters: if mistake == Mistake::None { 400 } else { 0 },
        ..Config::default()
    };
    let outcome = TestRunner::new(config).run(&stories(), |story| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let played = std::panic::catch_unwind(AssertUnwindSafe(|| {
            runtime.block_on(play(&story, mistake));
        }));
        played.map_err(|panic| {
            let text = panic
                .downcast_ref::<String>()
                .cloned()
                .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            proptest::test_runner::TestCaseError::fail(text.unwrap_or_default())
        })
    });
    match outcome {
        Ok(()) => None,
        Err(TestError::Fail(reason, story)) => Some(format!("{reason}\n{story:#?}")),
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
}

#[test]
fn whatever_comes_between_the_steps_no_promise_is_broken() {
    let stories = super::torture::seconds().map_or(60, |seconds| seconds.saturating_mul(4));
    let stories = u32::try_from(stories).unwrap();
    if let Some(failure) = explore(stories, Mistake::None) {
        panic!("{failure}");
    }
}

#[test]
fn a_collector_that_ignored_leases_would_be_found() {
    let found = explore(1000, Mistake::IgnoresLeases).unwrap();
    assert!(found.contains("within the grace"), "{found}");
}

#[test]
fn a_collector_that_ignored_readers_would_be_found() {
    let found = explore(1000, Mistake::IgnoresReaders).unwrap();
    assert!(found.contains("a reader was about to open it"), "{found}");
}

#[test]
fn a_collector_that_ignored_tags_would_be_found() {
    let found = explore(10_000, Mistake::IgnoresTags).unwrap();
    assert!(found.contains("was collected"), "{found}");
}
