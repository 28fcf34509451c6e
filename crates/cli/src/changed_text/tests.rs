use super::changed_text;

#[test]
fn a_change_has_its_surroundings() {
    let before = "a\nb\nc\nd\ne\nf\n";
    let after = "a\nb\nc\nd\nX\ne\nf\n";
    let expected = "--- n\n+++ n\n@@ -2,5 +2,6 @@\n b\n c\n d\n+X\n e\n f\n";
    assert_eq!(changed_text("n", before, after), expected);
}

#[test]
fn a_line_is_replaced() {
    let expected = "--- n\n+++ n\n@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n";
    assert_eq!(changed_text("n", "a\nb\nc\n", "a\nx\nc\n"), expected);
}

#[test]
fn a_new_file_is_all_new() {
    let expected = "--- n\n+++ n\n@@ -0,0 +1,1 @@\n+a\n";
    assert_eq!(changed_text("n", "", "a\n"), expected);
    assert_eq!(changed_text("n", "a\n", "a\n"), "");
}
