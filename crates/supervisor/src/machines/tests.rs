//! Tests machines that fail, hang or die at any step.

mod fake;
mod property;

use lazaret_protocol::Outcome;

use super::{Ending, Life};
use crate::Error;
use fake::{Fake, Then, World};

#[tokio::test]
async fn a_machine_lives_and_its_files_say_how() {
    let world = World::new();
    let fake = Fake::new(Then::Works, Then::Works);
    let mut machine = world.create(&fake, true, false).unwrap();
    let found = || world.machines().remove(0);
    let folder = found().folder;
    assert_eq!(found().state.life, Life::Starting);
    for file in ["machine.json", "policy.json", "root.disk", "scratch.ext4"] {
        assert!(folder.join(file).is_file(), "{file}");
    }
    assert!(
        !world.is_leased(),
        "the machine has its own names for its disks"
    );

    machine.start(0).await.unwrap();
    assert_eq!(found().state.life, Life::Running);
    assert_eq!(
        found().state.emulator.map(|process| process.pid),
        Some(fake.living()[0])
    );
    let again = machine.start(0).await.unwrap_err().to_string();
    assert_eq!(again, "a machine that is running cannot be started");

    let ending = Ending::Exit(Outcome::Code(3));
    let life = machine.end(Ok(ending.clone())).await.unwrap();
    assert_eq!(life, Life::Exited(ending));
    assert!(fake.living().is_empty());
    assert_eq!((found().state.life, found().state.emulator), (life, None));
}

#[test]
fn machines_are_found_by_name_id_and_beginning_of_an_id() {
    let world = World::new();
    let fake = Fake::new(Then::Works, Then::Works);
    let machines: Vec<_> = (0..17)
        .map(|_| world.create(&fake, true, false).unwrap())
        .collect();
    let find = |text: &str| world.machines.find(text).map(|found| found.spec.id);
    for machine in &machines {
        let spec = machine.spec();
        for text in [&spec.name, &spec.id, &spec.id[..20]] {
            assert_eq!(find(text).unwrap(), spec.id, "{text}");
        }
    }
    // Of seventeen ids two begin with the same of sixteen digits.
    let ambiguous = "0123456789abcdef"
        .chars()
        .filter_map(|digit| find(&digit.to_string()).err());
    let several = ambiguous.filter_map(|error| match error {
        Error::MachineAmbiguous { names, .. } => Some(names.len()),
        _ => None,
    });
    assert!(several.into_iter().any(|count| count > 1));
    for text in ["", "nothing", "g", "ffffffffffffffffffffffffff"] {
        assert!(
            matches!(find(text), Err(Error::MachineNotFound { .. })),
            "{text}"
        );
    }
}

#[test]
fn a_name_is_given_once() {
    let world = World::new();
    let fake = Fake::new(Then::Works, Then::Works);
    let (one, two) = (
        world.create(&fake, true, false).unwrap(),
        world.create(&fake, true, false).unwrap(),
    );
    let rename = |id: &str, name: &str| {
        world
            .machines
            .rename(&world.machines.find(id).unwrap(), name)
    };
    rename(&one.spec().id, "first").unwrap();
    let taken = rename(&two.spec().id, "first").unwrap_err();
    assert!(matches!(taken, Error::MachineExists { .. }), "{taken}");
    for name in ["", "-a", "a b", "../a", &"a".repeat(64)] {
        let refused = rename(&two.spec().id, name).unwrap_err();
        assert!(matches!(refused, Error::MachineName { .. }), "{name}");
    }
    assert_eq!(world.machines.find("first").unwrap().spec.id, one.spec().id);
}
