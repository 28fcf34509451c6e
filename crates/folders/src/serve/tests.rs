use super::*;

/// What becomes of a stream with these bytes, for one empty folder.
fn carried(bytes: &[u8]) -> Result<(), Error> {
    let folder = tempfile::tempdir().unwrap();
    let shared = Shared {
        path: folder.path().to_owned(),
        read_only: false,
    };
    serve_here(bytes, Vec::new(), &[shared])
}

#[test]
fn a_stream_ends_without_fault_wherever_it_ends() {
    let whole = [
        FolderHead {
            number: 0,
            length: 40,
        }
        .encode()
        .as_slice(),
        &[0; 10],
    ]
    .concat();
    for length in 0..whole.len() {
        assert!(carried(&whole[..length]).is_ok(), "{length}");
    }
}

#[test]
fn a_guest_that_breaks_the_protocol_is_left() {
    let head = |number, length| FolderHead { number, length }.encode();
    for (bytes, rule) in [
        (head(0, u32::MAX).to_vec(), "too long"),
        (head(1, 40).to_vec(), "no folder"),
        ([&head(0, 4)[..], &[1; 4]].concat(), "shorter"),
        ([&head(0, 40)[..], &[1; 40]].concat(), "another length"),
    ] {
        let error = carried(&bytes).unwrap_err().to_string();
        assert!(error.contains(rule), "{error}");
    }
}
