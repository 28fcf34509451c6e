//! Tests that invalid settings are refused before any request is sent.

use std::time::Duration;

use lazaret_content::{BlobStore as _, CloudObjects, CloudOptions, UploadId};

fn open(url: &str, options: &[(&str, &str)]) -> Result<CloudObjects, String> {
    let options = options.iter();
    let options = CloudOptions {
        url: url.into(),
        options: options
            .map(|(key, value)| ((*key).into(), (*value).into()))
            .collect(),
        ..CloudOptions::default()
    };
    CloudObjects::open(&options).map_err(|error| error.to_string())
}

const KEYS: [(&str, &str); 2] = [("access_key_id", "key"), ("secret_access_key", "secret")];

#[test]
fn buckets_of_every_kind_are_opened() {
    open("s3://bucket/some/prefix", &KEYS).unwrap();
    open("s3://bucket", &KEYS).unwrap();
    let azure = [
        ("azure_storage_account_name", "one"),
        ("access_key", "c2VjcmV0"),
    ];
    open("az://container/prefix", &azure).unwrap();
    open("gs://bucket/prefix", &[("skip_signature", "true")]).unwrap();
}

#[tokio::test]
async fn links_end_when_they_are_told_to() {
    let objects = open("s3://bucket", &KEYS).unwrap();
    for seconds in [1, 1234] {
        let link = objects
            .presign()
            .unwrap()
            .link(&UploadId::random(), Duration::from_secs(seconds))
            .await
            .unwrap();
        assert!(
            link.contains(&format!("X-Amz-Expires={seconds}&")),
            "{link}"
        );
    }
}

#[test]
fn wrong_settings_are_refused() {
    for (url, options, hint) in [
        ("bucket", &[][..], "bucket"),
        ("s3://", &[], "names no bucket"),
        ("ftp://bucket", &[], "ftp"),
        ("s3://bucket", &[("colour", "red")], "colour"),
        ("s3://bucket", &[("access_key_id", "key")], "secret"),
    ] {
        let error = open(url, options).unwrap_err();
        assert!(error.to_lowercase().contains(hint), "{error}");
    }
}

#[test]
fn plain_http_is_for_loopback_or_who_allows_it() {
    let with = |endpoint, allowed: &[(&'static str, &'static str)]| {
        let options = [("endpoint", endpoint)].into_iter().chain(KEYS);
        open(
            "s3://bucket",
            &options.chain(allowed.iter().copied()).collect::<Vec<_>>(),
        )
    };
    for endpoint in ["http://127.0.0.1:1", "http://[::1]:1", "http://localhost"] {
        with(endpoint, &[]).unwrap();
    }
    for endpoint in [
        "http://10.0.0.1",
        "http://localhost.evil",
        "http://127.0.0.1.evil",
    ] {
        assert!(with(endpoint, &[]).unwrap_err().contains("plain http"));
        with(endpoint, &[("allow_http", "true")]).unwrap();
    }
}

#[test]
fn certificates_that_are_none_are_refused() {
    let options = CloudOptions {
        url: "s3://bucket".into(),
        authorities: b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_vec(),
        ..CloudOptions::default()
    };
    let error = CloudObjects::open(&options).unwrap_err().to_string();
    assert!(error.contains("authority"), "{error}");
}

#[test]
fn secrets_are_not_shown() {
    let options = CloudOptions {
        url: "s3://bucket".into(),
        options: vec![("secret_access_key".into(), "hidden-value".into())],
        ..CloudOptions::default()
    };
    assert!(!format!("{options:?}").contains("hidden-value"));
}
