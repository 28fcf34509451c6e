use super::*;

#[derive(Debug, thiserror::Error)]
#[error("{message}")]
struct Link {
    message: &'static str,
    source: Option<Box<Self>>,
}

fn link(message: &'static str, source: Option<Link>) -> Link {
    Link {
        message,
        source: source.map(Box::new),
    }
}

#[test]
fn causes_follow_their_error() {
    let innermost = link("no such file", None);
    assert_eq!(Chain(&innermost).to_string(), "no such file");
    let error = link("cannot start", Some(link("cannot open x", Some(innermost))));
    assert_eq!(
        Chain(&error).to_string(),
        "cannot start: cannot open x: no such file"
    );
}
