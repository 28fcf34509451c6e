use std::sync::{Arc, Mutex};

use super::*;

/// Reports, and the warnings that they passed on.
fn reports() -> (Reports, Arc<Mutex<Vec<String>>>) {
    let warnings = Arc::new(Mutex::new(Vec::new()));
    let kept = warnings.clone();
    let sink: CopySink = Arc::new(move |news| {
        if let CopyNews::Warning(text) = news {
            kept.lock().unwrap().push(text);
        }
    });
    (Reports::new("web", sink), warnings)
}

#[test]
fn reports_come_in_any_pieces() {
    let text = "{\"warning\":\"a\"}\nnoise\n{\"failed\":{\"fault\":\"not-found\",\"message\":\"m\"}}\n\
                {\"done\":{\"files\":2,\"bytes\":3}}\n";
    for size in 1..text.len() {
        let (mut reports, warnings) = reports();
        for piece in text.as_bytes().chunks(size) {
            reports.take(piece);
        }
        assert_eq!(*warnings.lock().unwrap(), ["machine 'web': a"]);
        assert_eq!(reports.copied(), Some(Copied { files: 2, bytes: 3 }));
        let failure = reports.failure().unwrap().to_string();
        assert_eq!(failure, "machine 'web': m");
    }
}

#[test]
fn what_a_guest_can_report_is_bounded() {
    let (mut reports, warnings) = reports();
    for _ in 0..100 {
        reports.take(&[b'x'; 10_000]);
    }
    assert!(reports.line.len() <= LINE_BYTES);
    reports.take(b"\n");
    for _ in 0..1000 {
        reports.take(b"{\"warning\":\"a\"}\n");
    }
    assert_eq!(warnings.lock().unwrap().len(), 101);
}
