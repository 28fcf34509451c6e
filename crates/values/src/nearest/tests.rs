use super::*;

#[test]
fn a_slip_of_a_letter_is_recognised_and_another_word_is_not() {
    let known = ["command", "env", "image"];
    assert_eq!(nearest("comand", known), Some("command"));
    assert_eq!(nearest("iamge", known), Some("image"));
    assert_eq!(nearest("instruction", known), None);
    assert_eq!(nearest("", known), None);
}
