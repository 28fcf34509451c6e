use super::*;

#[test]
fn draining_waits_for_what_is_owed_and_for_quiet() {
    let start = Instant::now();
    let at = |milliseconds| start + Duration::from_millis(milliseconds);
    let turn = |drain: &mut Drain, carried, milliseconds| {
        drain.note(carried, true, at(milliseconds));
        drain.is_over(at(milliseconds))
    };
    let mut drain = Drain::new(Outcome::Code(0), 10, start);
    assert!(!turn(&mut drain, 4, 10));
    assert!(!turn(&mut drain, 0, 5000), "six bytes are owed");
    assert!(
        turn(&mut drain, 6, 5010),
        "nothing is owed and the time is up"
    );

    let mut drain = Drain::new(Outcome::Code(0), 10, start);
    assert!(!turn(&mut drain, 4, 10));
    drain.note_empty();
    assert!(!drain.is_over(at(209)));
    assert!(drain.is_over(at(210)), "six bytes never came");

    let mut drain = Drain::new(Outcome::Code(0), 0, start);
    assert!(!turn(&mut drain, 0, 100));
    assert!(!turn(&mut drain, 1, 150));
    drain.note(0, false, at(300));
    assert!(
        !turn(&mut drain, 0, 499),
        "a host that does not read is no quiet"
    );
    assert!(turn(&mut drain, 0, 500));
}
