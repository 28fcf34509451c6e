use super::*;

#[test]
fn the_manager_hears_of_every_state() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let manager = UnixDatagram::bind(&path).unwrap();
    let notifier = Notifier::new(Some(path));
    let told = |state| {
        notifier.tell(state);
        let mut buffer = [0; 256];
        let length = manager.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    };
    assert_eq!(told(State::Ready), "READY=1");
    let reloading = told(State::Reloading);
    let time = reloading
        .strip_prefix("RELOADING=1\nMONOTONIC_USEC=")
        .unwrap();
    assert!(time.parse::<u64>().unwrap() > 0);
    assert_eq!(told(State::Stopping), "STOPPING=1");
}

#[test]
fn nobody_to_tell_is_no_fault() {
    Notifier::new(None).tell(State::Ready);
    Notifier::new(Some("/nowhere/notify".into())).tell(State::Ready);
}
