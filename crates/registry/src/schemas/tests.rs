use super::*;

#[test]
fn a_folder_with_a_broken_schema_is_refused_by_its_file() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("broken.json"), "{").unwrap();
    let error = FamilySchemas::with_folder(folder.path()).unwrap_err();
    assert!(error.to_string().contains("broken.json"), "{error}");
}
