use super::*;

/// Whether each demand of a list of seconds and signals ends the machine.
fn answers(demands: &[(u64, u8)]) -> Vec<bool> {
    let (start, mut all) = (Instant::now(), Demands::default());
    let answer = |(second, number): &(u64, u8)| {
        let now = start + Duration::from_secs(*second);
        all.insist(*number, now)
    };
    demands.iter().map(answer).collect()
}

#[test]
fn the_third_interrupt_or_the_second_of_the_others_insists() {
    assert_eq!(answers(&[(0, 2), (1, 2), (2, 2)]), [false, false, true]);
    assert_eq!(answers(&[(0, 15), (9, 15)]), [false, true]);
    assert_eq!(answers(&[(0, 2), (1, 15)]), [false, true]);
}

#[test]
fn what_was_demanded_long_ago_does_not_count() {
    assert_eq!(answers(&[(0, 1), (11, 1), (22, 1)]), [false; 3]);
    assert_eq!(answers(&[(0, 1), (11, 1), (12, 1)]), [false, false, true]);
}
