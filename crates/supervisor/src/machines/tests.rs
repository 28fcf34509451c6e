//! Tests machines that fail, hang or die at any step.

mod fake;
mod property;

use lazaret_protocol::Outcome;

use super::{Ending, Life};
use fake::{Fake, Then, World};

#[tokio::test]
async fn a_machine_lives_and_leaves_nothing() {
    let world = World::new();
    let fake = Fake::new(Then::Works, Then::Works);
    let mut machine = world.create(&fake, true).await.unwrap();
    let folder = machine.folder().to_owned();
    assert_eq!(machine.life(), &Life::Created);
    assert!(folder.join("policy.json").is_file() && folder.join("root.ext4").is_file());
    assert!(world.is_leased(), "its disks could be pruned");

    machine.start().await.unwrap();
    assert_eq!(machine.life(), &Life::Running);
    assert!(folder.join("machine.json").is_file());
    assert!(!world.is_leased());
    let again = machine.start().await.unwrap_err().to_string();
    assert_eq!(again, "a machine that is running cannot be started");

    let ending = Ending::Exit(Outcome::Code(3));
    let life = machine.end(Some(ending.clone())).await.unwrap();
    assert_eq!(life, Life::Exited(ending));
    assert!(!folder.exists() && fake.living().is_empty());
}
