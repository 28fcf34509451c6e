//! The words of the original that are known but have no place here, and lists of values.

/// Most values of a list.
pub(super) const MOST_VALUES: usize = 32;

/// Why a statement that its place does not read is left.
pub(super) fn reason(word: &str) -> &'static str {
    match word {
        "select" | "spawn" | "buffer" | "exit" | "next" | "fork" | "repeat" => {
            "the order of events means nothing here: the mirror serves while it runs"
        }
        "println" | "timer" => "it only prints or waits",
        "process" | "arg" | "flag" | "env" | "run" => "the mirror runs no programs",
        "artifact" | "subject" | "blob" | "oci" => "the mirror makes no artifacts",
        "media_type" => "a media type for one step is no setting here",
        "referrers_api" => "which referrers API a registry has is no setting here",
        "from" | "to" => "a manual teleport is not converted",
        "install" => "the mirror copies no files of credentials: they are read where they are",
        "login_overlaybd" | "login_nydus" | "registry" => {
            "credentials of a snapshotter are not the mirror's"
        }
        "admin" => "the admin account of a registry is not used: store its password with a login",
        "app_host"
        | "work_dir"
        | "file_src"
        | "src_dir"
        | "skip_hosts_dir_check"
        | "tls_crt"
        | "tls_password_src" => "a setting is written as 'name .symbol value'",
        "event" | "once" | "start" | "loop" | "engine" | "runtime" | "proxy" | "operation"
        | "config" | "login_acr" | "mirror" | "host" | "server" | "https" | "manifests"
        | "blobs" | "tags" | "blobs_uploads" | "get" | "head" | "post" | "put" | "patch"
        | "delete" | "login" | "authn" | "resolve" | "request" | "discover" | "teleport"
        | "pull" | "download" | "continue" => "it means nothing in this place",
        "symbol" | "text" | "int" | "bool" | "true" | "false" | "enable" | "disable" => {
            "the setting is unknown"
        }
        _ => "the word is unknown",
    }
}

/// Why a setting, `name .symbol value`, is left.
pub(super) fn setting_reason(name: &str) -> &'static str {
    match name {
        "file_src" | "src_dir" => "it is where the original copied files from",
        "skip_hosts_dir_check" => "it is about installing hosts files, which the server does not",
        "tls_crt" | "tls_password_src" => {
            "the server's certificate is not converted: set it with the server's own TLS settings"
        }
        "referrers_api" => reason("referrers_api"),
        _ => "the setting is unknown",
    }
}

/// Whether a word, after a name, gives a value.
pub(super) fn is_value(word: &str) -> bool {
    matches!(
        word,
        "symbol" | "text" | "int" | "bool" | "true" | "false" | "enable" | "disable"
    )
}

/// The values of a list with commas, without empty ones; and whether there are more than 32, of which
/// the others are left out.
pub(super) fn list(text: &str) -> (Vec<&str>, bool) {
    let mut values = text
        .split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty());
    let first = values.by_ref().take(MOST_VALUES).collect();
    (first, values.next().is_some())
}
