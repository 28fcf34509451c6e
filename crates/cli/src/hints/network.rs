//! Advice for failures of the networks of machines.

use lazaret_supervisor::NetworkError;

/// What to do about it.
pub(super) fn hint(error: &NetworkError) -> Option<String> {
    Some(match error {
        NetworkError::Publish { .. } => {
            "`-p 0:GUEST` has this host choose a port; `lazaret ps` shows who has which".to_owned()
        }
        NetworkError::Boundary { log, .. } => format!("{} may say more", log.display()),
        NetworkError::NoQuestion { .. } | NetworkError::QuestionName { .. } => {
            "`lazaret approve` lists what waits".to_owned()
        }
        NetworkError::NotSettled { path, .. } => {
            format!("edit {}, or answer with `--for run`", path.display())
        }
        NetworkError::NoPolicyFile { .. } => {
            "name a file for the rule: --policy FILE; or answer with `--for run`".to_owned()
        }
        NetworkError::NoPolicy => {
            "give one: --policy FILE; `lazaret policy allow HOST` makes one".to_owned()
        }
        NetworkError::WithoutNetwork { .. } => "leave out `--network none`".to_owned(),
        _ => return None,
    })
}
