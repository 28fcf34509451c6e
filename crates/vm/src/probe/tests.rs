use super::{memory::processor, *};

fn key(kernel: &str) -> Key {
    Key {
        host: "6.1.0".into(),
        qemu: "7.2".into(),
        processor: "some".into(),
        kernel: kernel.into(),
    }
}

#[tokio::test]
async fn verdicts_are_remembered_for_their_host_only() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state/verdicts.json");
    let hang = Reason::Hang { milliseconds: 2500 };
    assert_eq!(recall(&file, &key("a")).await, None);
    remember(&file, key("a"), hang.clone()).await.unwrap();
    remember(&file, key("b"), Reason::KvmWorks).await.unwrap();
    assert_eq!(recall(&file, &key("a")).await, Some(hang));
    assert_eq!(recall(&file, &key("b")).await, Some(Reason::KvmWorks));
    assert_eq!(recall(&file, &key("c")).await, None);
    remember(&file, key("a"), Reason::KvmWorks).await.unwrap();
    assert_eq!(recall(&file, &key("a")).await, Some(Reason::KvmWorks));
}

#[tokio::test]
async fn a_damaged_file_is_replaced_by_the_next_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("verdicts.json");
    for damaged in [
        "",
        "{",
        r#"{"version":9,"verdicts":[]}"#,
        r#"{"version":1,"other":1}"#,
    ] {
        std::fs::write(&file, damaged).unwrap();
        assert_eq!(recall(&file, &key("a")).await, None, "{damaged}");
        remember(&file, key("a"), Reason::KvmWorks).await.unwrap();
        assert_eq!(
            recall(&file, &key("a")).await,
            Some(Reason::KvmWorks),
            "{damaged}"
        );
    }
}

#[tokio::test]
async fn old_verdicts_are_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("verdicts.json");
    for index in 0..40 {
        remember(&file, key(&index.to_string()), Reason::KvmWorks)
            .await
            .unwrap();
    }
    assert_eq!(recall(&file, &key("7")).await, None);
    assert_eq!(recall(&file, &key("8")).await, Some(Reason::KvmWorks));
}

#[test]
fn only_what_will_happen_again_is_remembered() {
    let failed = |detail: &str| Reason::Failed {
        detail: detail.into(),
    };
    assert!(Reason::KvmWorks.is_lasting());
    assert!(failed("KVM internal error. Suberror: 1").is_lasting());
    assert!(!failed("cannot set up guest memory").is_lasting());
    assert!(!Reason::PermissionDenied.is_lasting());
}

#[test]
fn a_missing_device_is_told_from_a_forbidden_one() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(
        device_fault(&folder.path().join("kvm")),
        Some(Reason::NoDevice)
    );
    assert!(matches!(
        device_fault(folder.path()),
        Some(Reason::Unusable { .. })
    ));
    let device = folder.path().join("usable");
    std::fs::write(&device, "").unwrap();
    assert_eq!(device_fault(&device), None);
}

#[test]
fn the_processor_is_named_by_its_model() {
    let cpuinfo = "processor\t: 0\nmodel\t\t: 85\nmodel name\t: Some CPU @ 2.50GHz\n";
    assert_eq!(processor(cpuinfo), Some("Some CPU @ 2.50GHz"));
    assert_eq!(processor(""), None);
}
