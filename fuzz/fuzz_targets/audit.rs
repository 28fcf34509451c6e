//! Audit logs, as somebody else may have left them.
#![no_main]

use lazaret_audit::Verifier;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut verifier = Verifier::new(Some("00"));
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let mut last = 0;
    let broken = lines.find_map(|line| match verifier.take(line) {
        Ok(record) => {
            assert!(last == 0 || record.sequence == last + 1);
            last = record.sequence;
            assert_eq!(verifier.count(), last);
            None
        }
        Err(fault) => Some(fault.to_string()),
    });
    if broken.is_none() {
        let _ = verifier.finish(0);
    }
});
