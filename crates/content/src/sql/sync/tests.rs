use super::*;

#[tokio::test]
async fn a_failed_sync_is_never_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let log = LogSync::new(path.clone());
    log.wait().await.unwrap();
    // Files in /proc cannot be synced.
    std::os::unix::fs::symlink("/proc/self/cmdline", &path).unwrap();
    assert!(log.wait().await.is_err());
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, "x").unwrap();
    assert!(log.wait().await.is_err());
    LogSync::new(path).wait().await.unwrap();
}
