//! What clients send to say who they are and what they want.
#![no_main]

use lazaret_registry::fuzzing::auth;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    auth::credential(text);
    auth::scopes(text);
    auth::token(text);
    auth::form(text);
    auth::network(text);
});
