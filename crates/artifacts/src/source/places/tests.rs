use super::*;

fn place(text: &str, document: usize, pointer: &str) -> Option<(u64, u64)> {
    let place = Places::find(text).of(document, pointer);
    place.map(|place| (place.line, place.column))
}

#[test]
fn members_items_and_what_is_missing_have_places() {
    let text = "kind: Agent\nspec:\n  image: a\n  args: [x, {b: 1}]\n";
    assert_eq!(place(text, 0, ""), Some((1, 1)));
    assert_eq!(place(text, 0, "/spec/image"), Some((3, 3)));
    assert_eq!(place(text, 0, "/spec/args/1"), Some((4, 13)));
    assert_eq!(place(text, 0, "/spec/args/1/b"), Some((4, 14)));
    assert_eq!(place(text, 0, "/spec/missing"), Some((2, 1)));
    assert_eq!(place(text, 1, ""), None);
}

#[test]
fn json_and_later_documents_have_places() {
    assert_eq!(
        place("{\n \"a/b\": {\"c\": 1}\n}", 0, "/a~1b/c"),
        Some((2, 10))
    );
    assert_eq!(place("a: 1\n---\nb: 2\n", 1, "/b"), Some((3, 1)));
}
