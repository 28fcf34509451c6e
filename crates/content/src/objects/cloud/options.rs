//! The settings of a bucket: its URL, and how to reach it.

use std::fmt;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::path::Path;
use object_store::signer::Url;
use object_store::{BackoffConfig, RetryConfig};

use super::bucket::Bucket;
use super::http::{Connector, is_loopback};
use super::keys::Keys;
use crate::Error;
use crate::error::invalid;

/// A bucket and the settings to reach it. Nothing is read from the environment.
#[derive(Clone, Default)]
pub struct CloudOptions {
    /// `s3://bucket/prefix`, `gs://bucket/prefix` or `az://container/prefix`.
    pub url: String,
    /// Keys and values as the `object_store` crate defines them for S3 (`AmazonS3ConfigKey`), GCS
    /// (`GoogleConfigKey`) and Azure (`AzureConfigKey`): `endpoint`, `region`,
    /// `access_key_id`, `secret_access_key`, `virtual_hosted_style_request`, `allow_http`...
    /// Plain HTTP is used for loopback endpoints, and for others with `allow_http`. Payloads
    /// of S3 are signed only on plain HTTP, or as `unsigned_payload` says.
    pub options: Vec<(String, String)>,
    /// Certificates in PEM of authorities to trust in addition to the system's.
    pub authorities: Vec<u8>,
    /// Size of every part of a multipart upload in bytes, for stores that require parts of equal
    /// size (Cloudflare R2); otherwise parts grow with the object. 5 MiB to 1 GiB.
    pub part_size: Option<u64>,
}

impl fmt::Debug for CloudOptions {
    /// Leaves out the values, some of which are secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<&str> = self.options.iter().map(|(key, _)| key.as_str()).collect();
        write!(f, "CloudOptions({}, {keys:?})", self.url)
    }
}

/// The result of parsing the options.
struct Found {
    endpoint: Option<String>,
    sign_payload: bool,
}

impl CloudOptions {
    /// The bucket, and the keys of the objects in it.
    pub(super) fn bucket(&self) -> Result<(Bucket, Keys), Error> {
        let url =
            Url::parse(&self.url).map_err(|error| invalid(format!("{}: {error}", self.url)))?;
        if url.host_str().is_none_or(str::is_empty) {
            return Err(invalid(format!("{} names no bucket", self.url)));
        }
        let prefix = Path::from_url_path(url.path())
            .map_err(|error| invalid(format!("{}: {error}", self.url)))?;
        let connector = Connector::new(&self.authorities)?;
        let bucket = match url.scheme() {
            "s3" => self.s3(connector)?,
            "gs" => self.google(connector)?,
            "az" => self.azure(connector)?,
            other => {
                return Err(invalid(format!(
                    "'{other}' is not one of the schemes s3, gs, az"
                )));
            }
        };
        Ok((bucket, Keys::new(prefix)))
    }

    fn s3(&self, connector: Connector) -> Result<Bucket, Error> {
        let found = self.find(&["endpoint", "endpoint_url", "endpoint_url_s3"])?;
        let mut builder = AmazonS3Builder::new()
            .with_url(&self.url)
            .with_unsigned_payload(!found.sign_payload)
            .with_retry(retries())
            .with_http_connector(connector);
        for (key, value) in &self.options {
            let key = known(key.parse::<AmazonS3ConfigKey>())?;
            builder = builder.with_config(key, value);
        }
        if found.is_loopback() {
            builder = builder.with_allow_http(true);
        }
        Ok(Bucket::new(known(builder.build())?))
    }

    fn google(&self, connector: Connector) -> Result<Bucket, Error> {
        let mut builder = GoogleCloudStorageBuilder::new()
            .with_url(&self.url)
            .with_retry(retries())
            .with_http_connector(connector);
        for (key, value) in &self.options {
            let key = known(key.parse::<GoogleConfigKey>())?;
            builder = builder.with_config(key, value);
        }
        Ok(Bucket::new(known(builder.build())?))
    }

    fn azure(&self, connector: Connector) -> Result<Bucket, Error> {
        let found = self.find(&["endpoint", "azure_endpoint"])?;
        let mut builder = MicrosoftAzureBuilder::new()
            .with_url(&self.url)
            .with_retry(retries())
            .with_http_connector(connector);
        for (key, value) in &self.options {
            let key = known(key.parse::<AzureConfigKey>())?;
            builder = builder.with_config(key, value);
        }
        if found.is_loopback() {
            builder = builder.with_allow_http(true);
        }
        Ok(Bucket::new(known(builder.build())?))
    }

    /// Finds the endpoint, and refuses plain HTTP that is not allowed.
    fn find(&self, names: &[&str]) -> Result<Found, Error> {
        let bare = |key: &str| key.strip_prefix("aws_").unwrap_or(key).to_owned();
        let named = |name: &str| self.options.iter().rfind(|(key, _)| bare(key) == name);
        let endpoint = names.iter().find_map(|name| named(name));
        let found = Found {
            endpoint: endpoint.map(|(_, value)| value.clone()),
            sign_payload: endpoint.is_some_and(|(_, value)| value.starts_with("http:")),
        };
        let allowed = named("allow_http").is_some_and(|(_, value)| value == "true");
        if found.sign_payload && !allowed && !found.is_loopback() {
            return Err(invalid(
                "the endpoint has plain http; set allow_http to \"true\" if that is meant".into(),
            ));
        }
        Ok(found)
    }
}

impl Found {
    fn is_loopback(&self) -> bool {
        let url = self
            .endpoint
            .as_deref()
            .and_then(|text| Url::parse(text).ok());
        url.is_some_and(|url| url.host_str().is_some_and(is_loopback))
    }
}

/// A few retries within a limited time: a pushing or pulling client waits.
fn retries() -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig::default(),
        max_retries: 5,
        retry_timeout: std::time::Duration::from_secs(90),
    }
}

fn known<T>(outcome: object_store::Result<T>) -> Result<T, Error> {
    outcome.map_err(|error| invalid(error.to_string()))
}
