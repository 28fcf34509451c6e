use super::*;

#[test]
fn the_last_word_counts() {
    let parameters = Parameters("quiet root=/dev/vda ro init=/a init=/b=c rw\n".into());
    assert_eq!(parameters.value("root"), Some("/dev/vda"));
    assert_eq!(parameters.value("init"), Some("/b=c"));
    assert_eq!(parameters.value("quiet"), None);
    assert_eq!(parameters.choice("rw", "ro"), Some(true));
    assert_eq!(parameters.choice("quiet", "debug"), Some(true));
    assert_eq!(parameters.choice("on", "off"), None);
}
