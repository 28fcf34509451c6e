//! Verifies signatures in the format of `cosign`: a manifest whose layers are "simple signing"
//! payloads (cosign's `SIGNATURE_SPEC.md`). It is found under the tag `sha256-<hex>.sig`, or among
//! the referrers of the signed manifest.

#[cfg(test)]
mod tests;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lazaret_content::{ManifestSelector, Page, StoredManifest};
use lazaret_oci::{Descriptor, Digest, ManifestDocument, Repository, Tag};
use ring::signature::{ECDSA_P256_SHA256_ASN1, ED25519, UnparsedPublicKey, VerificationAlgorithm};
use rustls_pki_types::SubjectPublicKeyInfoDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::Value;

use crate::message::Refusal;
use crate::stores::Stores;

/// The `artifactType` of signatures that are referrers.
pub(crate) const SIGNATURE_TYPE: &str = "application/vnd.dev.cosign.artifact.sig.v1+json";
/// Media type of the signed payload.
pub(crate) const PAYLOAD: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
/// The annotation with the signature, in base64.
const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
/// Largest payload, in bytes.
pub(crate) const PAYLOAD_BYTES: u64 = 64 * 1024;
/// Largest number of signatures that are checked for one manifest.
pub(crate) const MOST: usize = 32;

/// A public key that cannot be used, with the reason.
#[derive(Debug, thiserror::Error)]
#[error("failed to read the public key: {0}")]
pub struct KeyError(pub String);

/// A public key that verifies signatures: ECDSA P-256 or Ed25519.
#[derive(Clone)]
pub(crate) struct VerifyingKey {
    algorithm: &'static dyn VerificationAlgorithm,
    key: Vec<u8>,
}

impl VerifyingKey {
    /// Parses a public key in the form of `cosign generate-key-pair` and `openssl pkey -pubout`.
    ///
    /// # Errors
    /// Fails when it is not PEM, or is a key of another type.
    pub(crate) fn from_pem(pem: &[u8]) -> Result<Self, KeyError> {
        let der = SubjectPublicKeyInfoDer::from_pem_slice(pem)
            .map_err(|error| KeyError(error.to_string()))?;
        let der: &[u8] = &der;
        // Keys of RFC 5480 and RFC 8410 have only one encoding, so a prefix tells them apart.
        const P256: [u8; 26] = [
            0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
            0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
        ];
        const EDWARDS: [u8; 12] = [
            0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
        ];
        let (algorithm, key): (&'static dyn VerificationAlgorithm, _) =
            if let Some(key) = der.strip_prefix(&P256).filter(|key| key.len() == 65) {
                (&ECDSA_P256_SHA256_ASN1, key)
            } else if let Some(key) = der.strip_prefix(&EDWARDS).filter(|key| key.len() == 32) {
                (&ED25519, key)
            } else {
                return Err(KeyError("it is neither ECDSA P-256 nor Ed25519".into()));
            };
        Ok(Self {
            algorithm,
            key: key.to_vec(),
        })
    }

    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(self.algorithm, &self.key)
            .verify(message, signature)
            .is_ok()
    }
}

impl std::fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("VerifyingKey")
    }
}

/// Whether a tag has the form of those that signatures are stored under.
pub(super) fn is_signature_tag(tag: &Tag) -> bool {
    let text = tag.as_str();
    text.strip_prefix("sha256-")
        .and_then(|rest| rest.strip_suffix(".sig"))
        .is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// The tag under which the signatures of a manifest are stored.
pub(crate) fn signature_tag(digest: &Digest) -> Option<Tag> {
    let text = format!("{}-{}.sig", digest.algorithm().name(), digest.hex());
    text.parse().ok()
}

/// Whether the repository has a signature of the manifest by one of the keys.
pub(super) async fn is_signed(
    stores: &Stores,
    repository: &Repository,
    document: &ManifestDocument,
    keys: &[VerifyingKey],
) -> Result<bool, Refusal> {
    let digest = document.digest();
    for signature in signatures(stores, repository, digest).await? {
        let Ok(manifest) =
            ManifestDocument::parse(signature.bytes.to_vec(), Some(&signature.media_type))
        else {
            continue;
        };
        let Some(manifest) = manifest.manifest() else {
            continue;
        };
        for layer in manifest.layers.iter().take(MOST) {
            if vouches(stores, repository, layer, digest, keys).await? {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// The manifests that claim to sign `digest`.
async fn signatures(
    stores: &Stores,
    repository: &Repository,
    digest: &Digest,
) -> Result<Vec<StoredManifest>, Refusal> {
    let metadata = &stores.metadata;
    let page = Page {
        last: None,
        limit: Some(MOST),
    };
    let referrers = metadata
        .referrers(repository, digest, Some(SIGNATURE_TYPE), page)
        .await?;
    let named = referrers
        .items
        .into_iter()
        .map(|entry| ManifestSelector::Digest(entry.digest))
        .chain(signature_tag(digest).map(ManifestSelector::Tag));
    let mut found = Vec::new();
    for selector in named {
        found.extend(metadata.manifest(repository, &selector).await?);
    }
    Ok(found)
}

/// Whether a layer is a payload about `digest` with a valid signature.
async fn vouches(
    stores: &Stores,
    repository: &Repository,
    layer: &Descriptor,
    digest: &Digest,
    keys: &[VerifyingKey],
) -> Result<bool, Refusal> {
    let signature = layer
        .annotations
        .get(SIGNATURE)
        .and_then(|text| STANDARD.decode(text).ok());
    let Some(signature) = signature.filter(|_| layer.media_type == PAYLOAD) else {
        return Ok(false);
    };
    let Some(payload) = stores
        .small_blob(repository, &layer.digest, PAYLOAD_BYTES)
        .await?
    else {
        return Ok(false);
    };
    Ok(names(&payload, digest) && keys.iter().any(|key| key.verifies(&payload, &signature)))
}

fn names(payload: &[u8], digest: &Digest) -> bool {
    serde_json::from_slice::<Value>(payload).is_ok_and(|payload| {
        payload["critical"]["image"]["docker-manifest-digest"] == digest.to_string().as_str()
    })
}
