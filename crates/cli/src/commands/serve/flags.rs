//! Gives every setting of the configuration file a flag.

use std::sync::LazyLock;

use clap::{Arg, ArgAction, ArgMatches, Command};
use lazaret_registry::config::{Kind, Setting, settings};

/// Settings that `--help` shows; `--help-all` shows all.
const COMMON: [&str; 12] = [
    "listen",
    "root",
    "tls.certificate",
    "tls.key",
    "storage.s3.url",
    "metadata.postgres.url_file",
    "auth.htpasswd.file",
    "delete",
    "log.format",
    "log.level",
    "metrics.listen",
    "drain.delay",
];

/// All settings with the names of their flags, which must live as long as the process.
static SETTINGS: LazyLock<Vec<(Setting, Names)>> = LazyLock::new(|| {
    let names = |setting: Setting| {
        let names = Names {
            key: setting.key().leak(),
            flag: setting.flag().leak(),
            help: help(&setting).leak(),
        };
        (setting, names)
    };
    settings().into_iter().map(names).collect()
});

#[derive(Debug)]
struct Names {
    key: &'static str,
    flag: &'static str,
    help: &'static str,
}

/// The settings that were given as flags.
#[derive(Debug, Clone, Default)]
pub(super) struct SettingFlags(pub(super) Vec<(Setting, String)>);

impl clap::FromArgMatches for SettingFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut flags = Self::default();
        flags.update_from_arg_matches(matches)?;
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        for (setting, names) in SETTINGS.iter() {
            if let Some(value) = matches.get_one::<String>(names.key) {
                self.0.push((setting.clone(), value.clone()));
            }
        }
        Ok(())
    }
}

impl clap::Args for SettingFlags {
    fn augment_args(command: Command) -> Command {
        SETTINGS.iter().fold(command, |command, (setting, names)| {
            command.arg(argument(setting, names))
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

fn argument(setting: &Setting, names: &Names) -> Arg {
    let argument = Arg::new(names.key)
        .long(names.flag)
        .help(names.help)
        .value_name(value_name(setting))
        .action(ArgAction::Set)
        .allow_hyphen_values(setting.kind != Kind::Boolean)
        .hide(!COMMON.contains(&names.key));
    if setting.kind == Kind::Boolean {
        argument.num_args(0..=1).default_missing_value("true")
    } else {
        argument
    }
}

fn value_name(setting: &Setting) -> &'static str {
    match setting.key().as_str() {
        "listen" | "metrics.listen" => return "ADDR",
        "root" => return "DIR",
        _ => {}
    }
    match setting.kind {
        Kind::Text => "TEXT",
        Kind::Path => "PATH",
        Kind::Integer | Kind::Number => "NUMBER",
        Kind::Boolean => "BOOL",
        Kind::List => "LIST",
        Kind::Json => "JSON",
    }
}

/// The help of a setting in one line: its meaning, its possible values and its default.
fn help(setting: &Setting) -> String {
    let mut text = setting.description.trim_end_matches('.').to_owned();
    if !setting.values.is_empty() {
        text.push_str(&format!(" [{}]", setting.values.join(", ")));
    }
    if let Some(default) = default(setting) {
        text.push_str(&format!(" [default: {default}]"));
    }
    text
}

fn default(setting: &Setting) -> Option<String> {
    use serde_json::Value;
    match setting.default.as_ref()? {
        Value::Array(items) if items.is_empty() => None,
        Value::Array(items) => {
            let texts: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            Some(texts.join(","))
        }
        Value::Object(fields) if fields.is_empty() => None,
        Value::String(text) if text.is_empty() => None,
        Value::String(text) => Some(text.clone()),
        value => Some(value.to_string()),
    }
}

/// The reference of all settings, for people to read.
pub(super) fn reference() -> String {
    SETTINGS
        .iter()
        .map(|(setting, names)| {
            format!(
                "{}\n    --{} <{}>\n    {}\n    {}\n\n",
                names.key,
                names.flag,
                value_name(setting),
                setting.variable(),
                names.help
            )
        })
        .collect()
}
