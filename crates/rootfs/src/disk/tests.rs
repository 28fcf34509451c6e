mod content;
mod determinism;
mod hostile;
mod large;
mod model;
mod semantics;
mod space;
mod streams;
