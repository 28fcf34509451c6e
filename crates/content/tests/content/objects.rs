//! What is particular to the stores of objects, beyond what the port promises.

mod files;
mod hostile;
mod settings;
