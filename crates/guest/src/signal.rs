//! Signals by number.

use rustix::process::Signal;

/// The signal with this number; real-time signals included.
#[allow(unsafe_code)]
pub(crate) fn by_number(number: u8) -> Option<Signal> {
    let number = i32::from(number);
    Signal::from_named_raw(number).or_else(|| {
        // SAFETY: the C library keeps 32 and 33 for itself, in its own process; sending any
        // signal to another process is sound.
        (34..=64)
            .contains(&number)
            .then(|| unsafe { Signal::from_raw_unchecked(number) })
    })
}

#[cfg(test)]
mod tests;
