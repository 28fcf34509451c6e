mod ask_tests;
mod credential_tests;
mod hostile_tests;
mod http_tests;
mod measure;
mod pass_tests;
mod server;
mod world;
