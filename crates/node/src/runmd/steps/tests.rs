use super::{Steps, read};
use crate::runmd::attributes;
use crate::runmd::imported::{Format, Stage};
use crate::runmd::left::Report;
use crate::runmd::origin::File;

/// The stages of properties, which `;` separates, and why others are left.
fn steps(text: &str) -> (Steps, Vec<&'static str>) {
    let mut report = Report::default();
    let text: String = text
        .split(';')
        .map(|line| format!(": {}\n", line.trim()))
        .collect();
    let attributes = attributes::read(File::Mirror, &text, &mut report).unwrap();
    let statements: Vec<_> = attributes[0].properties.iter().collect();
    let steps = read(&statements, &mut report);
    (
        steps,
        report.finish().iter().map(|left| left.reason).collect(),
    )
}

fn stages(text: &str) -> Vec<Stage> {
    let (steps, left) = steps(text);
    assert_eq!(left, Vec::<&str>::new(), "{text}");
    steps.stages
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn order_is_kept_and_requests_are_no_stages() {
    assert_eq!(
        stages(".login a; .authn oauth2; .request; .resolve a/b, */*; .pull; .download; .continue"),
        [
            Stage::Login,
            Stage::Authn,
            Stage::Resolve(texts(&["a/b", "*/*"]))
        ]
    );
    assert_eq!(stages(".request"), []);
}

#[test]
fn types_to_discover_are_one_list() {
    assert_eq!(
        stages(".discover a; .resolve; .discover b, a"),
        [
            Stage::Discover(texts(&["a", "b"])),
            Stage::Resolve(Vec::new())
        ]
    );
}

#[test]
fn format_of_a_teleport() {
    let format = |text: &str| match stages(text).pop() {
        Some(Stage::Teleport(format)) => format,
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(
        format(".discover dadi.image.v1; .teleport overlaybd"),
        Format::Overlaybd
    );
    assert_eq!(format(".teleport nydus"), Format::Nydus);
    assert_eq!(format(".teleport"), Format::Overlaybd);
    assert_eq!(format(".discover dadi.image.v1; .teleport"), Format::Acr);
    assert_eq!(
        format(".discover application/vnd.azure.artifact.streaming.v1; .teleport"),
        Format::Acr
    );
    assert_eq!(
        format(".discover application/vnd.nydus.image.manifest.v1+json; .teleport"),
        Format::Nydus
    );
}

#[test]
fn what_is_left() {
    let many: Vec<String> = (0..33).map(|at| format!("t{at}")).collect();
    let many = many.join(",");
    for (text, kept, reason) in [
        (
            ".authn basic",
            1,
            "the upstream's challenge says how to authenticate",
        ),
        (
            ".resolve a; .resolve b",
            1,
            "a stage like this stands above, and one is enough",
        ),
        (
            ".teleport nydus; .teleport",
            1,
            "a stage like this stands above, and one is enough",
        ),
        (".teleport manual", 0, "a manual teleport is not converted"),
        (".teleport soci", 0, "the format is unknown"),
        (".discover", 0, "it names no type of artifacts"),
        (".resolve é/x, a/b", 1, "a type of it is no media type"),
        (
            &format!(".resolve {many}"),
            1,
            "only the first 32 types are taken",
        ),
        (
            &format!(".discover x; .discover {}", &many[..many.len() - 4]),
            1,
            "only the first 32 types are taken",
        ),
        (".run x", 0, "the mirror runs no programs"),
        (".rewrite x", 0, "the word is unknown"),
    ] {
        let (steps, left) = steps(text);
        assert_eq!((steps.stages.len(), left), (kept, vec![reason]), "{text}");
        for stage in steps.stages {
            if let Stage::Resolve(types) | Stage::Discover(types) = stage {
                assert!(types.len() <= 32 && types.iter().all(|name| name.is_ascii()));
            }
        }
    }
}

#[test]
fn equal_stages_do_the_same_wherever_they_stand() {
    let (one, _) = steps(".login a; .authn");
    let (other, _) = steps(".request; .login a; .authn");
    let (different, _) = steps(".login b; .authn");
    assert!(one.does_as(&other) && one != other);
    assert!(!one.does_as(&different));
}
