use super::*;

fn event(name: &str) -> MachineEvent {
    MachineEvent {
        time: 1,
        action: Action::Start,
        id: "0".repeat(64),
        name: name.to_owned(),
        image: "image".to_owned(),
        labels: std::collections::BTreeMap::new(),
        network: None,
        exit_code: None,
    }
}

fn names(events: &mut MachineEvents) -> Vec<String> {
    let events = events.next_events().unwrap();
    events.into_iter().map(|event| event.name).collect()
}

#[test]
fn events_are_read_as_they_come_and_over_a_change_of_files() {
    let folder = tempfile::tempdir().unwrap();
    let mut events = MachineEvents::new(folder.path()).unwrap();
    assert_eq!(names(&mut events), [""; 0]);
    append(folder.path(), &event("one")).unwrap();
    append(folder.path(), &event("two")).unwrap();
    assert_eq!(names(&mut events), ["one", "two"]);
    assert_eq!(names(&mut events), [""; 0]);
    // Garbage and an unfinished line are no events.
    let path = folder.path().join(NAME);
    let mut file = File::options().append(true).open(&path).unwrap();
    file.write_all(b"garbage\n{\"time\"").unwrap();
    assert_eq!(names(&mut events), [""; 0]);
    file.write_all(b"\n").unwrap();
    let filler = "x".repeat(usize::try_from(FILE_BYTES).unwrap());
    append(folder.path(), &event(&filler)).unwrap();
    append(folder.path(), &event("three")).unwrap();
    let seen = names(&mut events);
    assert_eq!((seen.len(), seen.last().unwrap().as_str()), (2, "three"));
    let mut late = MachineEvents::new(folder.path()).unwrap();
    let seen = names(&mut late);
    assert_eq!(
        (seen[0].as_str(), seen.last().unwrap().as_str()),
        ("one", "three")
    );
    assert!(fs::metadata(&path).unwrap().len() < FILE_BYTES);
}
