use proptest::prelude::*;

use super::*;

fn ending() -> impl Strategy<Value = Ending> {
    prop_oneof![
        any::<u8>().prop_map(|code| Ending::Exit(Outcome::Code(code))),
        Just(Ending::Killed),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        Just(Step::Start),
        Just(Step::Up),
        ending().prop_map(Step::End),
        Just(Step::Gone),
    ]
}

/// The position of a state in a life, which only goes forward.
fn age(life: &Life) -> u8 {
    match life {
        Life::Created => 0,
        Life::Starting => 1,
        Life::Running => 2,
        Life::Stopping(_) => 3,
        Life::Exited(_) | Life::Lost => 4,
    }
}

proptest! {
    #[test]
    fn a_life_goes_forward_ends_once_and_keeps_its_ending(
        steps in prop::collection::vec(step(), 0..12),
    ) {
        let mut life = Life::Created;
        for step in steps {
            let Ok(next) = life.after(step.clone()) else {
                let changes = matches!(
                    (&life, &step),
                    (Life::Created, Step::Start) | (Life::Starting, Step::Up)
                );
                prop_assert!(!changes && (life.is_over() || step != Step::Gone));
                continue;
            };
            prop_assert!(!life.is_over(), "{life} became {next}");
            prop_assert!(age(&next) > age(&life), "{life} became {next}");
            match (&life, &step, &next) {
                (_, Step::End(asked), Life::Stopping(kept)) => prop_assert_eq!(asked, kept),
                (Life::Stopping(known), Step::Gone, Life::Exited(kept)) => {
                    prop_assert_eq!(known, kept);
                }
                (_, _, Life::Exited(_)) => prop_assert!(false, "{life} exited without an ending"),
                (_, step, Life::Lost) => prop_assert_eq!(step, &Step::Gone),
                _ => {}
            }
            life = next;
        }
    }
}

#[test]
fn a_refused_step_names_state_and_step() {
    let error = Life::Running.after(Step::Start).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a machine that is running cannot be started"
    );
}
