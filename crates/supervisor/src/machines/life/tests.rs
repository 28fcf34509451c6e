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
        Just(Step::Pause),
        Just(Step::Resume),
        ending().prop_map(Step::End),
        Just(Step::Gone),
    ]
}

proptest! {
    #[test]
    fn a_life_follows_the_drawing(steps in prop::collection::vec(step(), 0..24)) {
        let mut life = Life::Created;
        for step in steps {
            let allowed = match &life {
                Life::Created | Life::Exited(_) | Life::Lost => step == Step::Start,
                Life::Starting => matches!(step, Step::Up | Step::End(_) | Step::Gone),
                Life::Running => matches!(step, Step::Pause | Step::End(_) | Step::Gone),
                Life::Paused => matches!(step, Step::Resume | Step::End(_) | Step::Gone),
                Life::Stopping(_) => step == Step::Gone,
            };
            let next = life.after(step.clone());
            prop_assert_eq!(next.is_ok(), allowed, "{} after {:?}", &life, &step);
            let Ok(next) = next else { continue };
            match (&life, &step, &next) {
                (_, Step::End(asked), Life::Stopping(kept)) => prop_assert_eq!(asked, kept),
                (Life::Stopping(known), Step::Gone, Life::Exited(kept)) => {
                    prop_assert_eq!(known, kept);
                }
                (_, _, Life::Exited(_)) => prop_assert!(false, "{life} exited without an ending"),
                (_, step, Life::Lost) => prop_assert_eq!(step, &Step::Gone),
                _ => {}
            }
            // Only a machine that is at rest has an exit status, and nobody holds it.
            prop_assert!(next.status().is_none() || !next.is_held());
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
