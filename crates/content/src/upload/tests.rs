use crate::UploadId;

#[test]
fn upload_ids_are_hexadecimal_only() {
    let id = UploadId::random();
    assert_eq!(id.as_str().parse::<UploadId>().unwrap(), id);
    for bad in [
        "",
        "..",
        "../../etc/passwd",
        &"A".repeat(32),
        &"a".repeat(33),
    ] {
        assert!(bad.parse::<UploadId>().is_err(), "{bad}");
    }
}
