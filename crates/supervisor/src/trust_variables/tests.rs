use super::{add, others};

fn env(entries: &[&str]) -> Vec<String> {
    entries.iter().map(ToString::to_string).collect()
}

#[test]
fn what_is_set_stays_and_its_file_is_known() {
    let mut all = env(&[
        "PATH=/bin",
        "NODE_EXTRA_CA_CERTS=/corp.pem",
        "PIP_CERT=/corp.pem",
        "CURL_CA_BUNDLE=relative",
        "AWS_CA_BUNDLE=",
    ]);
    add(&mut all);
    let value = |name: &str| {
        let mut values = all.iter().filter_map(|entry| entry.strip_prefix(name));
        (values.next(), values.next())
    };
    assert_eq!(value("NODE_EXTRA_CA_CERTS="), (Some("/corp.pem"), None));
    assert_eq!(
        value("SSL_CERT_FILE="),
        (Some("/run/lazaret/bundle.pem"), None)
    );
    assert_eq!(
        value("DENO_CERT="),
        (Some("/run/lazaret/authority.pem"), None)
    );
    assert_eq!(others(&all), ["/corp.pem"]);
}
