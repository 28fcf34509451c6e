//! Entry points for the fuzz targets: each parser of hostile text, with properties of its result.

use std::net::SocketAddr;

use crate::runmd::{Files, Imported, Pipeline, import};

/// Converts a configuration of the original mirror: `mirror.runmd`, and `.runmd` after a zero byte.
///
/// # Panics
/// When the TOML is not what was converted.
pub fn runmd(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (mirror, operations) = match text.split_once('\0') {
        Some((mirror, operations)) => (mirror, Some(operations)),
        None => (&*text, None),
    };
    for namespace in [Some("example.azurecr.io"), None] {
        let files = Files {
            mirror,
            operations,
            namespace,
            folder: None,
        };
        let Ok(imported) = import(&files) else {
            continue;
        };
        assert_eq!(import(&files).as_ref(), Ok(&imported));
        check(&imported);
    }
}

/// Checks that the TOML says the same as the value.
fn check(imported: &Imported) {
    let text = imported.to_toml();
    let table: toml::Table = match text.parse() {
        Ok(table) => table,
        Err(error) => panic!("no TOML: {error}\n{text}"),
    };
    assert!(table.keys().eq(["listen", "upstreams"]), "{text}");
    let list = |value: &toml::Value| value.as_array().cloned().unwrap_or_default();
    let text_of = |value: &toml::Value| value.as_str().map(str::to_owned);
    let listen: Vec<Option<SocketAddr>> = list(&table["listen"])
        .iter()
        .map(|address| text_of(address)?.parse().ok())
        .collect();
    let addresses = imported.listen.iter().map(|listen| Some(listen.address));
    assert!(listen.into_iter().eq(addresses), "{text}");

    let upstreams = list(&table["upstreams"]);
    assert_eq!(upstreams.len(), imported.upstreams.len(), "{text}");
    for (written, upstream) in upstreams.iter().zip(&imported.upstreams) {
        assert_eq!(
            text_of(&written["namespace"]).as_ref(),
            Some(&upstream.namespace)
        );
        let credentials = written.get("credentials").is_some();
        assert_eq!(credentials, upstream.credentials.is_some());
        let pipeline = &written["pipeline"];
        check_pipeline(pipeline, &upstream.pipeline);
        let tagged = pipeline.get("tagged").and_then(toml::Value::as_table);
        assert_eq!(
            tagged.map_or(0, toml::Table::len),
            upstream.tagged.len(),
            "{text}"
        );
        for (tag, pipeline) in &upstream.tagged {
            let written = tagged.and_then(|tagged| tagged.get(tag));
            check_pipeline(written.expect("each tag is written"), pipeline);
        }
    }
}

/// Checks the routes of a pipeline.
fn check_pipeline(written: &toml::Value, pipeline: &Pipeline) {
    let routes = [
        ("manifests", &pipeline.manifests),
        ("blobs", &pipeline.blobs),
        ("tags", &pipeline.tags),
        ("uploads", &pipeline.uploads),
    ];
    for (name, route) in routes {
        let lengths = written.get(name).map(|route| {
            let length = |key: &str| route[key].as_array().map_or(0, Vec::len);
            (length("methods"), length("stages"))
        });
        let wanted = route
            .as_ref()
            .map(|route| (route.methods.len(), route.stages.len()));
        assert_eq!(lengths, wanted, "{name}");
    }
}
