//! The exit statuses. They are part of the contract with users.

use lazaret_supervisor::ErrorClass;

/// The command did what it was asked.
pub(crate) const SUCCESS: u8 = 0;
/// A failure of no other class.
pub(crate) const FAILURE: u8 = 1;
/// The command line cannot be understood (also what clap uses).
pub(crate) const USAGE: u8 = 2;
/// Credentials are missing, wrong or not enough.
pub(crate) const AUTH: u8 = 3;
/// A manifest, blob, image, kernel or file does not exist.
pub(crate) const NOT_FOUND: u8 = 4;
/// A document, reference or setting breaks a rule.
pub(crate) const INVALID: u8 = 5;
/// A registry cannot be reached, or does not answer as one.
pub(crate) const UNREACHABLE: u8 = 6;
/// The name or the address is taken or in use.
pub(crate) const CONFLICT: u8 = 7;
/// Content does not have the digest or size it was announced with.
pub(crate) const INTEGRITY: u8 = 8;
/// The disk is full, or a local file cannot be read or written.
pub(crate) const STORAGE: u8 = 9;
/// `policy check`: what was asked for is denied.
pub(crate) const DENIED: u8 = 10;
/// `policy check`: a person would be asked.
pub(crate) const ASKED: u8 = 11;
/// `run`: Lazaret failed, not the workload.
pub(crate) const MACHINE: u8 = 125;
/// `run`: the command was found but cannot be run.
pub(crate) const NOT_EXECUTABLE: u8 = 126;
/// `run`: the command was not found.
pub(crate) const COMMAND_NOT_FOUND: u8 = 127;

/// The exit status of an error class.
pub(crate) fn status(class: ErrorClass) -> u8 {
    match class {
        ErrorClass::Usage => USAGE,
        ErrorClass::Auth => AUTH,
        ErrorClass::NotFound => NOT_FOUND,
        ErrorClass::Invalid => INVALID,
        ErrorClass::Unreachable => UNREACHABLE,
        ErrorClass::Conflict => CONFLICT,
        ErrorClass::Integrity => INTEGRITY,
        ErrorClass::Storage => STORAGE,
        // `run` replaces it with 125; other commands have no machine.
        ErrorClass::Machine | ErrorClass::Other => FAILURE,
    }
}
