use std::path::Path;

use lazaret_values::{Period, Size};
use proptest::prelude::*;

use super::*;

/// Parses the text of a file in `/etc/lazaret`, without overrides.
fn parse(text: &str) -> Result<(Document, Config), Faults> {
    parse_with(text, &Overrides::default())
}

fn parse_with(text: &str, overrides: &Overrides) -> Result<(Document, Config), Faults> {
    let document = Document::parse(
        Some(Path::new("/etc/lazaret/registry.toml")),
        text,
        overrides,
    )?;
    let config = document.config()?;
    Ok((document, config))
}

/// The faults and hints, as a user sees them.
fn complaints(text: &str) -> String {
    let faults = match parse(text) {
        Err(faults) => faults.0,
        Ok((document, config)) => check(&document, &config),
    };
    let lines = faults.iter().map(|fault| {
        let kind = if fault.is_warning { "warning: " } else { "" };
        let hint = fault.hint.as_ref().map(|hint| format!(" ({hint})"));
        format!("{kind}{fault}{}\n", hint.unwrap_or_default())
    });
    lines
        .collect::<String>()
        .replace("/etc/lazaret/registry.toml:", "")
}

#[test]
fn a_byte_order_mark_is_skipped_and_moves_no_position() {
    assert!(!parse("\u{feff}delete = false\n").unwrap().1.delete);
    assert_eq!(complaints("\u{feff}delete = 1"), complaints("delete = 1"));
}

#[test]
fn an_empty_file_is_the_default() {
    let (document, config) = parse("").unwrap();
    assert_eq!(config, Config::default());
    assert_eq!(check(&document, &config), []);
}

#[test]
fn a_whole_file_is_read() {
    let (_, config) = parse(
        r#"
        listen = ["0.0.0.0:443", "[::1]:5000"]
        root = "data"
        delete = false

        [tls]
        certificate = "/tls/chain.pem"
        key = "key.pem"
        minimum_version = "1.3"

        [storage.s3]
        url = "s3://bucket/prefix"
        redirect = true
        options = { region = "eu-central-1", secret_access_key_file = "/run/secret" }

        [metadata.postgres]
        url_file = "postgres.url"

        [[rules]]
        repositories = ["acme/**"]
        quota = "10 GiB"
        required_signature.keys = ["cosign.pub"]

        [[retention]]
        repositories = ["**"]
        keep = { last = 10, newer_than = "30d", tags = ["v*"] }

        [limits]
        manifest_bytes = "2MiB"
        header_timeout = "1m30s"

        [[webhooks]]
        name = "ci"
        url = "https://ci.example/hook"
        events = ["manifest.pushed"]
        "#,
    )
    .unwrap();
    assert_eq!(config.listen.len(), 2);
    assert_eq!(config.root.unwrap(), Path::new("/etc/lazaret/data"));
    let tls = config.tls.unwrap();
    assert_eq!(tls.certificate, Path::new("/tls/chain.pem"));
    assert_eq!(tls.key, Path::new("/etc/lazaret/key.pem"));
    assert_eq!(tls.minimum_version, TlsVersion::V13);
    let (name, bucket) = config.storage.bucket().unwrap();
    assert_eq!((name, bucket.redirect), ("s3", true));
    assert_eq!(bucket.options["region"].reveal(), "eu-central-1");
    let rule = &config.rules[0];
    assert_eq!(rule.quota, Some(Size(10 << 30)));
    let keys = &rule.required_signature.as_ref().unwrap().keys;
    assert_eq!(keys, &[Path::new("/etc/lazaret/cosign.pub")]);
    let keep = config.retention[0].keep.as_ref().unwrap();
    assert_eq!(keep.newer_than.unwrap(), Period::days(30));
    assert_eq!(config.limits.header_timeout.duration().as_secs(), 90);
    assert_eq!(config.webhooks[0].events, [EventKind::ManifestPushed]);
}

#[test]
fn faults_say_where_they_are_and_what_helps() {
    let cases = [
        (
            "listen = 5000",
            "1:1: listen: invalid type: integer `5000`, expected a sequence\n",
        ),
        (
            "\n  lisen = []",
            "2:3: lisen: unknown field `lisen` (did you mean listen?)\n",
        ),
        (
            "[limits]\nmanifest_bytes = \"4 parsecs\"",
            "2:1: limits.manifest_bytes: '4 parsecs' is no size such as 512KiB or 10GiB\n",
        ),
        (
            "[limits]\nmanifest_byte = \"4MiB\"",
            "2:1: limits.manifest_byte: unknown field `manifest_byte` (did you mean manifest_bytes?)\n",
        ),
        (
            "[tls]\nkey = \"k\"",
            "1:2: tls: missing field `certificate`\n",
        ),
        (
            "[[rules]]\nrepositories = [\"acme/**\"]\n[[rules]]\nrepositories = [\"Acme/**\"]",
            "4:17: rules[1].repositories[0]: no repository name has 'A'\n",
        ),
        (
            "[storage.files]\n[storage.s3]\nurl = \"bucket\"",
            "1:2: storage: content is kept in one place only \
             (keep one of storage.files, storage.s3, storage.gcs, storage.azure)\n\
             3:1: storage.s3.url: 'bucket' is not s3://bucket or s3://bucket/prefix\n",
        ),
        (
            "[metadata.postgres]\nurl = \"mysql://user:hunter2@db/x\"",
            "2:1: metadata.postgres.url: the value is no URL of PostgreSQL \
             (postgres://user:password@host/database)\n",
        ),
        (
            "[[webhooks]]\nname = \"a\"\nurl = \"ftp://x\"\nconcurrency = 9\n\
             [[webhooks]]\nname = \"a\"\nurl = \"http://x\"",
            "3:1: webhooks[0].url: the value is no http:// or https:// URL\n\
             4:1: webhooks[0].concurrency: the number is not between 1 and 4\n\
             6:1: webhooks[1].name: 'a' is the name of another webhook\n",
        ),
        (
            "listen = [\"0.0.0.0:5000\"]",
            "warning: 1:1: listen: 0.0.0.0:5000 is reachable from other machines, without TLS \
             (set tls.certificate and tls.key, or listen on loopback behind a proxy)\n\
             warning: 1:1: listen: 0.0.0.0:5000 is reachable from other machines, and everybody \
             may do everything (set up users in [auth] and rules in [[access]])\n",
        ),
        (
            "[metadata.postgres]\nurl = \"postgres:///x\"\n[auth.tokens]",
            "warning: 3:7: auth.tokens: replicas of one database refuse each other's tokens, for each \
             makes a key (give all the same key_file)\n",
        ),
        (
            "[[retention]]\nrepositories = [\"**\"]\nkeep = {}",
            "3:1: retention[0].keep: nothing would be kept \
             (name last, newer_than or tags; leave keep out to keep every tag)\n",
        ),
        (
            "[storage.s3]\nurl = \"s3://b\"\nredirect_expiry = \"8d\"",
            "3:1: storage.s3.redirect_expiry: the time is not between 1s and 7d\n",
        ),
        (
            "[tracing]\nsample_ratio = 2.0",
            "2:1: tracing.sample_ratio: the ratio is not between 0 and 1\n",
        ),
        (
            "types_folder = \"/nowhere/types\"",
            "1:1: types_folder: failed to read the schema '/nowhere/types': No such file or directory (os error 2)\n",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(complaints(text), expected, "{text}");
    }
}

#[test]
fn broken_toml_has_a_position() {
    let text = complaints("listen = [\nroot = ");
    assert!(text.starts_with("2:"), "{text}");
}

/// Writes a certificate for `localhost` and its key.
fn certificate(folder: &Path, name: &str) -> String {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let certificate = folder.join(format!("{name}.pem"));
    let key = folder.join(format!("{name}.key"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    folder.join(name).display().to_string()
}

#[test]
fn certificates_must_fit_their_keys() {
    let folder = tempfile::tempdir().unwrap();
    let a = certificate(folder.path(), "a");
    let b = certificate(folder.path(), "b");
    let tls = |certificate: &str, key: &str, more: &str| {
        complaints(&format!(
            "[tls]\ncertificate = \"{certificate}\"\nkey = \"{key}\"\n{more}"
        ))
    };
    assert_eq!(tls(&format!("{a}.pem"), &format!("{a}.key"), ""), "");
    let wrong = tls(&format!("{a}.pem"), &format!("{b}.key"), "");
    assert!(
        wrong.starts_with("3:1: tls.key: ") && wrong.contains("does not belong"),
        "{wrong}"
    );
    let swapped = tls(&format!("{a}.key"), &format!("{a}.pem"), "");
    assert!(swapped.starts_with("2:1: tls.certificate: "), "{swapped}");
    let none = tls(&format!("{a}.pem"), "/nowhere", "");
    assert!(
        none.starts_with("3:1: tls.key: failed to read '/nowhere'"),
        "{none}"
    );
    let required = tls(
        &format!("{a}.pem"),
        &format!("{a}.key"),
        "client_certificates = \"required\"",
    );
    assert!(required.contains("(set tls.client_ca)"), "{required}");
}

fn setting(key: &str) -> Setting {
    settings()
        .into_iter()
        .find(|setting| setting.key() == key)
        .unwrap()
}

#[test]
fn flags_beat_variables_and_variables_beat_the_file() {
    let text = "listen = [\"127.0.0.1:1\"]\n[limits]\nconnections = 1\n[log]\nlevel = \"info\"";
    let mut overrides = Overrides::default();
    overrides.variables([
        (
            "LAZARET_SERVE_LIMITS_CONNECTIONS".to_owned(),
            "2".to_owned(),
        ),
        (
            "LAZARET_SERVE_LISTEN".to_owned(),
            "127.0.0.1:2, [::1]:2".to_owned(),
        ),
    ]);
    overrides.flag(&setting("limits.connections"), "3".to_owned());
    let (document, config) = parse_with(text, &overrides).unwrap();
    assert_eq!(config.limits.connections, 3);
    assert_eq!(config.listen.len(), 2);
    assert_eq!(config.log.level.as_deref(), Some("info"));
    assert_eq!(
        document.origin("limits.connections").unwrap().to_string(),
        "--limits-connections"
    );
    let listen = document.origin("listen[1]").unwrap();
    assert_eq!(listen.to_string(), "LAZARET_SERVE_LISTEN");
}

#[test]
fn flags_can_make_sections_and_lists() {
    let mut overrides = Overrides::default();
    let given = [
        ("storage.s3.url", "s3://bucket"),
        ("storage.s3.options", r#"{"region": "x"}"#),
        ("storage.s3.redirect", "true"),
        ("rules", r#"[{"repositories": ["a/*"], "quota": "1GiB"}]"#),
        ("tls.certificate", "relative.pem"),
        ("tls.key", "/absolute.key"),
    ];
    for (key, value) in given {
        overrides.flag(&setting(key), value.to_owned());
    }
    let (_, config) = parse_with("", &overrides).unwrap();
    assert!(config.storage.s3.unwrap().redirect);
    assert_eq!(config.rules[0].quota, Some(Size(1 << 30)));
    let tls = config.tls.unwrap();
    // The path of a flag is relative to the working folder, not to the file.
    assert_eq!(
        tls.certificate,
        std::path::absolute("relative.pem").unwrap()
    );
    assert_eq!(tls.key, Path::new("/absolute.key"));
}

#[test]
fn overrides_that_do_not_fit_are_named() {
    let mut overrides = Overrides::default();
    overrides.variables([("LAZARET_SERVE_LISTN".to_owned(), "x".to_owned())]);
    overrides.flag(&setting("limits.connections"), "many".to_owned());
    overrides.flag(&setting("delete"), "yes".to_owned());
    let faults = parse_with("", &overrides).unwrap_err();
    assert_eq!(
        faults.to_string(),
        "LAZARET_SERVE_LISTN: there is no such setting; \
         --limits-connections: limits.connections: 'many' is no whole number; \
         --delete: delete: 'yes' is neither true nor false"
    );
    assert_eq!(
        faults.0[0].hint.as_deref(),
        Some("did you mean LAZARET_SERVE_LISTEN?")
    );
}

#[test]
fn every_setting_has_a_flag_and_a_variable_of_its_own() {
    let settings = settings();
    let flags: std::collections::BTreeSet<_> = settings.iter().map(Setting::flag).collect();
    let variables: std::collections::BTreeSet<_> = settings.iter().map(Setting::variable).collect();
    assert_eq!(
        (flags.len(), variables.len()),
        (settings.len(), settings.len())
    );
    for setting in &settings {
        assert!(
            !setting.description.is_empty(),
            "{} has no description",
            setting.key()
        );
    }
    let url = setting("storage.s3.url");
    assert_eq!(url.flag(), "storage-s3-url");
    assert_eq!(url.variable(), "LAZARET_SERVE_STORAGE_S3_URL");
    assert_eq!(setting("tls.minimum_version").values, ["1.2", "1.3"]);
    assert_eq!(setting("drain.timeout").default, Some("30s".into()));
    assert_eq!(setting("tls.client_ca").kind, Kind::Path);
}

#[test]
fn the_published_schema_is_the_current_one() {
    let published = include_str!("../../../../docs/reference/registry.schema.json");
    let current = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
    assert!(
        published == current,
        "docs/reference/registry.schema.json is old: write `lazaret serve --print-schema` to it"
    );
}

#[test]
fn values_have_one_notation_in_all_sections() {
    let (_, config) = parse(
        "collection.grace = \"2w\"\ndrain.timeout = \"1h30m\"\nlimits.blob_bytes = \"1.5Gi\"\n\
         [auth.tokens]\nlifetime = \"1h30m\"\n\
         [[rules]]\nrepositories = [\"te?m/**\"]\n\
         [[access]]\nrepositories = [\"te?m/**\", \"${user}/*\"]\nsubjects = [\"everyone\"]\n\
         actions = [\"pull\"]",
    )
    .unwrap();
    assert_eq!(config.collection.grace, Period::days(14));
    assert_eq!(config.drain.timeout, Period::minutes(90));
    assert_eq!(config.auth.tokens.unwrap().lifetime, Period::minutes(90));
    assert_eq!(config.limits.blob_bytes, Some(Size::mebibytes(1536)));
    assert!(config.rules[0].repositories[0].matches("team/app"));
    let access = &config.access.unwrap()[0].repositories;
    assert!(access[0].matches("team/app", None) && access[1].matches("ann/app", Some("ann")));
    let faults = parse("[[rules]]\nrepositories = [\"${user}/**\"]").unwrap();
    assert!(!check(&faults.0, &faults.1).is_empty());
}

#[test]
fn secrets_are_never_shown() {
    let (_, config) = parse(
        "[storage.s3]\nurl = \"s3://b\"\noptions = { secret_access_key = \"hunter2\" }\n\
         [metadata.postgres]\nurl = \"postgres://u:hunter2@db/x\"",
    )
    .unwrap();
    assert!(!format!("{config:?}").contains("hunter2"));
    assert!(!serde_json::to_string(&config).unwrap().contains("hunter2"));
    let postgres = config.metadata.postgres.unwrap();
    assert!(postgres.url.unwrap().reveal().contains("hunter2"));
}

proptest! {
    #[test]
    fn no_text_upsets_the_parser(text in "\\PC{0,40}") {
        let _ = parse(&text);
    }
}

#[test]
fn a_file_of_more_than_a_mebibyte_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("registry.toml");
    std::fs::write(&path, "#".repeat((1 << 20) + 1)).unwrap();
    let faults = Document::load(Some(&path), &Overrides::default()).unwrap_err();
    assert!(faults.0[0].to_string().contains("more than 1048576 bytes"));
    std::fs::write(&path, "#".repeat(1 << 20)).unwrap();
    Document::load(Some(&path), &Overrides::default()).unwrap();
}
