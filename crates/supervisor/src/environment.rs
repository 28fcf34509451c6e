//! Environments of processes.

/// Sets a variable, `NAME=value`, in place of the one of that name.
pub fn set_variable(environment: &mut Vec<String>, entry: String) {
    let name = |entry: &str| entry.split('=').next().map(str::to_owned);
    environment.retain(|known| name(known) != name(&entry));
    environment.push(entry);
}
