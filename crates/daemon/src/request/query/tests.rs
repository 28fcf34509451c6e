use super::*;

fn read(text: &str) -> Result<Query, Fault> {
    Query::read(Some(text), &["all", "filter"])
}

#[test]
fn parameters_are_decoded_and_read_strictly() {
    let query = read("all=true&filter=label%3Da%2Bb&filter=name=x+y").unwrap();
    assert!(query.flag("all").unwrap());
    let text = |text: &str| Ok::<_, String>(text.to_owned());
    assert_eq!(
        query.all("filter", text).unwrap(),
        ["label=a+b", "name=x y"]
    );
    assert!(query.one("filter", text).is_err());
    assert!(!Query::read(None, &[]).unwrap().flag("all").unwrap());
    for text in ["all=1", "all", "all=true&all=true"] {
        assert!(read(text).unwrap().flag("all").is_err(), "{text}");
    }
    for text in [
        "All=true", "x", "all=%", "all=%4", "all=%zz", "all=%ff", "%ff=1",
    ] {
        assert!(read(text).is_err(), "{text}");
    }
}
