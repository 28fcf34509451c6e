//! Data-driven tests, one file for each subject.

mod effects;
mod examples;
mod families;
mod invalid;
mod mounts;
mod policies;
mod policy_edits;
mod precedence;
mod properties;
mod quantities;
mod resolver;
mod schemas;
mod sources;
mod types;

use serde_json::{Value, json};

use crate::{Config, Family, parse_source};

/// The example document of a family.
fn example(family: Family) -> Value {
    let text = match family {
        Family::Agent => include_str!("../../../examples/hello/agent.yaml"),
        Family::Sandbox => include_str!("../../../examples/hello/sandbox.yaml"),
        Family::Policy => include_str!("../../../examples/hello/policy.yaml"),
        Family::Integration => include_str!("../../../examples/hello/integration.yaml"),
        Family::Workflow => include_str!("../../../examples/hello/workflow.yaml"),
        Family::Bundle => include_str!("../../../examples/hello/bundle.yaml"),
        Family::Model => include_str!("../../../examples/hello/model.yaml"),
        Family::Tool => include_str!("../../../examples/hello/tool.yaml"),
        Family::Knowledge => include_str!("../../../examples/hello/knowledge.yaml"),
        Family::Fileset => include_str!("../../../examples/hello/fileset.yaml"),
    };
    parse_source(text).unwrap()
}

/// The smallest document that a family accepts.
fn minimal(family: Family) -> Value {
    let spec = match family {
        Family::Agent => json!({"image": "acme/images/x:v1"}),
        Family::Sandbox => json!({"isolation": "microvm"}),
        Family::Policy | Family::Tool | Family::Knowledge => json!({}),
        Family::Integration => json!({"endpoints": [{"host": "api.example.com"}]}),
        Family::Workflow => json!({
            "document": {"dsl": "1.0.0", "namespace": "n", "name": "w", "version": "0.1.0"},
            "do": [{"greet": {"set": {}}}],
        }),
        Family::Bundle => json!({"components": {"agents": [{"ref": "acme/agents/a:v1"}]}}),
        Family::Model => json!({"provider": "acme", "model": "m"}),
        Family::Fileset => Value::Null,
    };
    let mut envelope = json!({
        "apiVersion": "lens.dev/v1alpha1",
        "kind": family.kind(),
        "metadata": {"name": "x"},
    });
    match family {
        Family::Fileset => envelope["mount"] = json!({"path": "/srv/x"}),
        _ => envelope["spec"] = spec,
    }
    envelope
}

fn config(family: Family, spec: Value) -> Config {
    let mut envelope = minimal(family);
    envelope["spec"] = spec;
    Config::parse(family, envelope).unwrap()
}

/// Sets the value at a pointer whose parents exist; `-` appends to a list.
fn set(document: &mut Value, pointer: &str, value: Value) {
    let (parent, token) = pointer.rsplit_once('/').unwrap();
    match document.pointer_mut(parent).unwrap() {
        Value::Object(members) => {
            members.insert(token.replace("~1", "/").replace("~0", "~"), value);
        }
        Value::Array(items) if token == "-" => items.push(value),
        Value::Array(items) => items[token.parse::<usize>().unwrap()] = value,
        other => panic!("{pointer} goes through {other}"),
    }
}

fn remove(document: &mut Value, pointer: &str) {
    let (parent, token) = pointer.rsplit_once('/').unwrap();
    document
        .pointer_mut(parent)
        .unwrap()
        .as_object_mut()
        .unwrap()
        .remove(token)
        .unwrap();
}
