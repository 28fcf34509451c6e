use lazaret_values::Period;

use super::keep_fixed;
use crate::config::{Config, Document, Overrides};

fn config(text: &str) -> Config {
    let document = Document::parse(None, text, &Overrides::default()).unwrap();
    document.config().unwrap()
}

#[test]
fn links_into_a_bucket_change_while_serving_and_the_bucket_does_not() {
    let before = config("[storage.s3]\nurl = \"s3://one\"");
    let after =
        config("[storage.s3]\nurl = \"s3://two\"\nredirect = true\nredirect_expiry = \"90s\"");
    let kept = keep_fixed(&before, after);
    let (_, bucket) = kept.storage.bucket().unwrap();
    assert_eq!(bucket.url, "s3://one");
    assert!(bucket.redirect);
    assert_eq!(bucket.redirect_expiry, Period::seconds(90));
}
