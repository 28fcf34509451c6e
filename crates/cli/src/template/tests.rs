use serde_json::json;

use super::*;

fn row() -> Value {
    json!({
        "id": "abc123",
        "name": "web",
        "exit_code": null,
        "command": ["sh", "-c", "a b"],
        "labels": {"use.it": "yes"},
        "state": {"status": "running", "exit_code": 3, "oom_killed": false},
        "mounts": [{"source": "a", "size": 1}, {"source": "b", "size": 0}],
        "hostile": "a\u{1b}[2J\nb",
    })
}

#[track_caller]
fn check(template: &str, expected: &str) {
    let rendered = Template::parse(template).unwrap().render(&row());
    assert_eq!(
        rendered.as_deref(),
        Ok(format!("{expected}\n").as_str()),
        "{template}"
    );
}

#[track_caller]
fn refused(template: &str, reason: &str) {
    let error = match Template::parse(template) {
        Err(error) => error,
        Ok(template) => template.render(&row()).unwrap_err(),
    };
    assert!(error.to_string().contains(reason), "{template}: {error}");
}

#[test]
fn fields_are_found_as_container_tools_spell_them() {
    check("{{.ID}} {{.Names}} {{.name}}", "abc123 web web");
    check(
        "{{.State.Status}}/{{.State.ExitCode}}/{{ .State.OOMKilled }}",
        "running/3/false",
    );
    check("[{{.ExitCode}}]", "[]");
    check("{{.ExitCode.Deeper}}", "");
    check("{{.Labels}}", "map[use.it:yes]");
    check("{{.Command}}", "[sh -c a b]");
    refused(
        "{{.Ports}}",
        "there is no field 'Ports', only command, exit_code, hostile, id",
    );
    refused("{{.State.Pid}}", "only exit_code, oom_killed, status");
    refused("{{.name.x}}", "no fields here");
}

#[test]
fn functions_take_values_and_pipes() {
    check(
        "{{json .State}}",
        r#"{"exit_code":3,"oom_killed":false,"status":"running"}"#,
    );
    check("{{json .ID}}", "\"abc123\"");
    check("{{.Name | upper | lower}}{{upper .Name}}", "webWEB");
    check(r#"{{join .Command " "}}"#, "sh -c a b");
    check(r#"{{.Command | join ","}}"#, "sh,-c,a b");
    check(
        r#"{{index .Command 1}} {{index .Labels "use.it"}}{{index .Labels "no"}}"#,
        "-c yes",
    );
    check(
        "{{len .Command}} {{len .Name}} {{len (split .Name `e`)}}",
        "3 3 2",
    );
    check("{{truncate .ID 3}} {{println .ID 7}}", "abc abc123 7");
    refused("{{len 3}}", "len takes");
    refused("{{index .Command 9}}", "no element 9");
    refused("{{frob .}}", "'frob' is no function");
    refused("{{.ID .Name}}", "only a function");
}

#[test]
fn blocks_choose_and_repeat() {
    check(
        "{{range .Mounts}}{{.Source}}{{if .Size}}+{{else}}-{{end}} {{end}}",
        "a+ b- ",
    );
    check("{{range .Mounts}}{{$.Name}} {{end}}", "web web ");
    check(
        "{{with .State}}{{.Status}}{{end}}{{with .ExitCode}}x{{else}}none{{end}}",
        "runningnone",
    );
    check(
        r#"{{if and (eq .Name "web") (not .ExitCode)}}yes{{end}}"#,
        "yes",
    );
    check("a {{- /* nothing */ -}} b {{- .Name -}} c", "abwebc");
    check(r#"{{"}} \" "}}"#, "}} \" ");
    refused("{{if .ID}}", "no {{end}}");
    refused("{{end}}", "belongs to nothing");
    refused("{{.ID", "no '}}'");
    refused("{{}}", "empty");
    refused("{{(.ID}}", "no ')'");
    refused("{{.ID)}}", "no '('");
    refused("{{| lower}}", "nothing before");
    refused("{{.ID | }}", "empty");
    refused("{{\"a}}", "no '}}'");
    refused("{{#}}", "no meaning");
    refused(&"{{if .ID}}".repeat(100), "too many blocks");
    refused(
        &format!("{{{{{}", "(".repeat(100) + "}}"),
        "too many parentheses",
    );
}

#[test]
fn tables_have_headings() {
    let rows = json!([{"id": "a", "running_for": "1 second"}, {"id": "long", "running_for": ""}]);
    let table = Template::parse(r"table {{.ID}}\t{{upper .RunningFor}}").unwrap();
    let expected = "ID    RUNNING FOR\na     1 SECOND\nlong\n";
    assert_eq!(table.render(&rows).unwrap(), expected);
    let lines = Template::parse(r"{{.id}}\t{{.running_for}}").unwrap();
    assert_eq!(lines.render(&rows).unwrap(), "a\t1 second\nlong\t\n");
    assert_eq!(lines.render(&json!([])).unwrap(), "");
    let heading = Template::parse("table {{.id}}").unwrap();
    assert_eq!(heading.render(&json!([])).unwrap(), "ID\n");
}

#[test]
fn values_control_no_terminal() {
    check("{{.Hostile}}", "a\\u{1b}[2J\\nb");
    check("{{upper .Hostile}}", "A\\u{1b}[2J\\nB");
}
