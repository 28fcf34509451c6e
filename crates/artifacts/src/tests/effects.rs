//! Every member of the schemas that a run reads has an effect, a refusal, or a reader of its own: the
//! list is complete, and no member is in it without a reason.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{Family, Schema};

/// The members of a family's spec.
struct Members {
    family: Family,
    /// They change the machine, its workload or the mounts; tests of the resolver, of precedence and
    /// of machines show how.
    run: &'static [&'static str],
    /// They are refused, or named in a warning.
    told: &'static [&'static str],
    /// They are for the agent and for people, who read the artifact: pulled and mounted as pushed.
    carried: &'static [&'static str],
}

const MEMBERS: [Members; 10] = [
    Members {
        family: Family::Agent,
        run: &[
            "image",
            "command",
            "args",
            "env",
            "user",
            "workingDir",
            "volumes",
        ],
        told: &["ports", "credentials"],
        carried: &[
            "description",
            "model",
            "instruction",
            "skills",
            "toolsets",
            "subAgents",
            "capabilities",
            "supportedInterfaces",
        ],
    },
    Members {
        family: Family::Sandbox,
        run: &["resources", "baseImage", "capabilities"],
        told: &["isolation", "supervisorVersion"],
        carried: &["description"],
    },
    Members {
        family: Family::Policy,
        run: &["integrations"],
        told: &["network", "filesystem", "process"],
        carried: &["description"],
    },
    Members {
        family: Family::Bundle,
        run: &["components"],
        told: &[],
        carried: &["description"],
    },
    Members {
        family: Family::Integration,
        run: &[],
        told: &[],
        carried: &[
            "description",
            "endpoints",
            "credentials",
            "serves",
            "methods",
            "binaries",
            "placeholder",
        ],
    },
    Members {
        family: Family::Workflow,
        run: &[],
        told: &[],
        carried: &[
            "description",
            "document",
            "input",
            "output",
            "use",
            "timeout",
            "schedule",
            "do",
        ],
    },
    Members {
        family: Family::Model,
        run: &[],
        told: &[],
        carried: &[
            "description",
            "provider",
            "model",
            "parameters",
            "endpoint",
            "descriptor",
            "config",
            "modelfs",
        ],
    },
    Members {
        family: Family::Tool,
        run: &[],
        told: &[],
        carried: &[
            "name",
            "title",
            "description",
            "version",
            "websiteUrl",
            "command",
            "args",
            "inputSchema",
            "outputSchema",
            "repository",
            "packages",
            "remotes",
            "server",
            "userConfig",
        ],
    },
    Members {
        family: Family::Knowledge,
        run: &[],
        told: &[],
        carried: &[
            "description",
            "docs",
            "strategies",
            "results",
            "embeddings",
            "language",
        ],
    },
    Members {
        family: Family::Fileset,
        run: &[],
        told: &[],
        carried: &["description", "owner", "name", "license"],
    },
];

#[test]
fn every_member_has_a_reader() {
    for members in MEMBERS {
        let document = Schema::of(members.family).document();
        let known = document.pointer("/properties/spec/properties");
        let known = known.and_then(Value::as_object);
        let known: BTreeSet<&str> = known
            .into_iter()
            .flat_map(|known| known.keys().map(String::as_str))
            .collect();
        let listed = [members.run, members.told, members.carried].concat();
        assert_eq!(
            listed.iter().copied().collect::<BTreeSet<_>>(),
            known,
            "{}",
            members.family
        );
        assert_eq!(listed.len(), known.len(), "{}", members.family);
    }
}
