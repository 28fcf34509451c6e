use super::*;

#[test]
fn a_damaged_file_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(STATE);
    for text in ["", "{", "[]", r#"{"version":1}"#] {
        fs::write(&path, text).unwrap();
        let error = State::read(folder.path()).unwrap_err();
        assert!(matches!(&error, Error::MachineRecord { path: named, .. } if *named == path));
    }
    let state = State::new(Life::Created);
    state.write(folder.path()).unwrap();
    assert_eq!(State::read(folder.path()).unwrap().life, Life::Created);
    let later = fs::read_to_string(&path)
        .unwrap()
        .replace("\"version\":1", "\"version\":2");
    fs::write(&path, later).unwrap();
    let error = State::read(folder.path()).unwrap_err().to_string();
    assert!(error.contains("version 2"), "{error}");
}
