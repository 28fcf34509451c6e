use lazaret_policy::{RuleId, Verdict};

use super::*;

#[test]
fn a_flood_of_refusals_is_told_in_part_and_its_rest_is_counted() {
    let record = DecisionRecord {
        verdict: Verdict::Deny,
        rule: RuleId("builtin:default".to_owned()),
        protocol: "tcp".to_owned(),
        host: "a".to_owned(),
        port: 1,
        method: None,
        path: None,
        credentials: Vec::new(),
        reason: Some("no".to_owned()),
    };
    let refusals = Refusals::default();
    let told = (0..1000)
        .filter_map(|_| refusals.admit(record.clone()))
        .count();
    assert_eq!(told, usize::try_from(MOST).unwrap());
    refusals.0.lock().unwrap().since = Instant::now().checked_sub(WHILE);
    let next = refusals.admit(record.clone()).unwrap();
    assert_eq!(
        next.reason.unwrap(),
        "no (800 refusals before it were not told)"
    );
    assert_eq!(refusals.admit(record.clone()).unwrap(), record);
}
