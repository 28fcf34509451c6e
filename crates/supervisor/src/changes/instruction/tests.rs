use super::*;

fn applied(instructions: &[&str], config: Value) -> Value {
    let parsed: Vec<Instruction> = instructions
        .iter()
        .map(|text| parse(text).unwrap())
        .collect();
    let mut config = config.as_object().unwrap().clone();
    apply(&parsed, &mut config);
    Value::Object(config)
}

#[test]
fn instructions_change_the_configuration_as_docker_does() {
    let rows: [(&[&str], Value); 11] = [
        (
            &["CMD [\"a\", \"b c\"]"][..],
            json!({ "Cmd": ["a", "b c"] }),
        ),
        (
            &["cmd echo hi"],
            json!({ "Cmd": ["/bin/sh", "-c", "echo hi"] }),
        ),
        (
            &["ENTRYPOINT [\"/e\"]"],
            json!({ "Entrypoint": ["/e"], "Cmd": null }),
        ),
        (
            &["CMD [\"x\"]", "ENTRYPOINT [\"/e\"]"],
            json!({ "Entrypoint": ["/e"], "Cmd": ["x"] }),
        ),
        (
            &["ENV PATH=/p NEW=\"a b\" C=d\\ e", "ENV OLD some words"],
            json!({ "Env": ["PATH=/p", "A=1", "NEW=a b", "C=d e", "OLD=some words"] }),
        ),
        (
            &["EXPOSE 80 53/udp", "EXPOSE 1-3/tcp"],
            json!({ "ExposedPorts": { "80/tcp": {}, "53/udp": {}, "1-3/tcp": {} } }),
        ),
        (
            &["LABEL a=b \"c d\"='e f'"],
            json!({ "Labels": { "a": "b", "c d": "e f" } }),
        ),
        (&["USER app:app"], json!({ "User": "app:app" })),
        (
            &["VOLUME /v /w", "VOLUME [\"/x y\"]"],
            json!({ "Volumes": { "/v": {}, "/w": {}, "/x y": {} } }),
        ),
        (
            &["WORKDIR /a", "WORKDIR b"],
            json!({ "WorkingDir": "/a/b" }),
        ),
        (&["STOPSIGNAL SIGINT"], json!({ "StopSignal": "SIGINT" })),
    ];
    let before = json!({ "Cmd": ["old"], "Env": ["PATH=/bin", "A=1"], "Own": 1 });
    for (instructions, changed) in rows {
        let mut expected = before.clone();
        for (name, value) in changed.as_object().unwrap() {
            match value {
                Value::Null => drop(expected.as_object_mut().unwrap().remove(name)),
                value => expected[name] = value.clone(),
            }
        }
        assert_eq!(
            applied(instructions, before.clone()),
            expected,
            "{instructions:?}"
        );
    }
}

#[test]
fn what_is_no_instruction_is_refused_in_words() {
    let rows = [
        ("", "instruction"),
        ("CMD", "instruction"),
        ("RUN make", "known are"),
        ("HEALTHCHECK NONE", "known are"),
        ("CMD [\"a\"", "JSON"),
        ("ENV =x", "NAME=value"),
        ("ENV A=b c", "NAME=value"),
        ("LABEL a='b", "quote"),
        ("LABEL a=b\\", "backslash"),
        ("EXPOSE http", "no port"),
        ("EXPOSE 0", "no port"),
        ("EXPOSE 80/icmp", "no port"),
        ("USER a b", "one value"),
        ("STOPSIGNAL SIGNOTHING", "signal"),
    ];
    for (text, part) in rows {
        let reason = parse(text).unwrap_err();
        assert!(reason.contains(part), "{text}: {reason}");
    }
}
