use super::*;

#[test]
fn a_process_that_is_no_more_or_another_is_not_ended() {
    let folder = tempfile::tempdir().unwrap();
    // This test's own process, with a wrong start time.
    let record = format!(
        r#"{{"version":1,"pid":{},"started":1}}"#,
        std::process::id()
    );
    fs::write(folder.path().join("machine.json"), record).unwrap();
    end_abandoned(folder.path());
    fs::write(folder.path().join("machine.json"), "damaged").unwrap();
    end_abandoned(folder.path());
}
