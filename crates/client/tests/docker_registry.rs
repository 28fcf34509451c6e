//! Tests of the client with the registry of the distribution project, as Debian ships it.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests, too.

use std::sync::Arc;

use futures_util::TryStreamExt;
use lazaret_client::{
    Anonymous, Class, Client, Credential, CredentialFiles, FileSource, Keychain, Options, Ping,
    PushBlob, Pushed, Store,
};
use lazaret_oci::{
    Descriptor, Manifest, ManifestDocument, Platform, Reference, Registry, media_type,
};
use lazaret_testing::docker_registry::DockerRegistry;
use lazaret_values::Secret;

struct Served {
    registry: Registry,
    _server: DockerRegistry,
    folder: tempfile::TempDir,
}

fn start(user: Option<(&str, &str)>) -> Served {
    let folder = tempfile::tempdir().unwrap();
    let server = DockerRegistry::start(folder.path(), user);
    Served {
        registry: server.address.parse().unwrap(),
        _server: server,
        folder,
    }
}

async fn round_trip(client: &Client, served: &Served) {
    let reference: Reference = format!("{}/team/app:v1", served.registry).parse().unwrap();
    let content: Vec<u8> = (0..20_000_000_u32)
        .map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()[3])
        .collect();
    let path = served.folder.path().join("layer");
    std::fs::write(&path, &content).unwrap();
    let layer = Descriptor::of(media_type::LAYER, &content);
    let config =
        br#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#;
    let config_blob = Descriptor::of(media_type::IMAGE_CONFIG, config);
    let wishes = PushBlob::default();
    let pushed = client
        .push_blob(&reference, &layer, &FileSource(path.clone()), &wishes)
        .await
        .unwrap();
    assert_eq!(pushed, Pushed::Sent);
    let again = client
        .push_blob(&reference, &layer, &FileSource(path.clone()), &wishes)
        .await
        .unwrap();
    assert_eq!(again, Pushed::Present);
    let config_source = lazaret_client::BytesSource(config.as_slice().into());
    client
        .push_blob(&reference, &config_blob, &config_source, &wishes)
        .await
        .unwrap();

    let mut manifest = Manifest {
        schema_version: 2,
        media_type: Some(media_type::MANIFEST.to_owned()),
        artifact_type: None,
        config: config_blob.clone(),
        layers: vec![layer.clone()],
        subject: None,
        annotations: std::collections::BTreeMap::new(),
    };
    let document = ManifestDocument::of_manifest(manifest.clone());
    client.push_manifest(&reference, &document).await.unwrap();
    let resolved = client.resolve(&reference).await.unwrap();
    assert_eq!(resolved, document.descriptor());
    let read = client
        .image_manifest(&reference, &Platform::native())
        .await
        .unwrap();
    assert_eq!(read, document);
    let pieces: Vec<_> = client
        .blob(&reference, &layer)
        .await
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(pieces.concat(), content);
    let tags = client.tags(&reference).await.unwrap();
    assert_eq!(tags.len(), 1);
    assert_eq!(
        client.catalog(&served.registry).await.unwrap(),
        std::slice::from_ref(&reference.repository)
    );

    // Mounted from one repository in another.
    let other: Reference = format!("{}/team/other:v1", served.registry)
        .parse()
        .unwrap();
    let mount = PushBlob {
        mount_from: Some(reference.repository.clone()),
        advanced: None,
    };
    let mounted = client
        .push_blob(&other, &layer, &FileSource(path.clone()), &mount)
        .await
        .unwrap();
    assert_eq!(mounted, Pushed::Mounted);

    // In chunks: the client never has to ask for the server's offset.
    let mut options = client.options().clone();
    options.chunk_bytes = 3_000_000;
    let shorter = &content[..19_000_000];
    let part = Descriptor::of(media_type::LAYER, shorter);
    let part_path = served.folder.path().join("part");
    std::fs::write(&part_path, shorter).unwrap();
    client
        .push_blob(&reference, &part, &FileSource(part_path), &wishes)
        .await
        .unwrap();

    // The rest of a blob.
    let mut hasher = lazaret_oci::Hasher::new(layer.digest.algorithm());
    hasher.update(&content[..19_999_000]);
    let rest: Vec<_> = client
        .blob_from(&reference, &layer, 19_999_000, hasher)
        .await
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(rest.concat(), &content[19_999_000..]);

    // Referrers from the fallback tag, or from the registry's own list.
    manifest.subject = Some(document.descriptor());
    manifest.artifact_type = Some("application/vnd.example".to_owned());
    let attached = ManifestDocument::of_manifest(manifest);
    client
        .push_manifest(&reference.pinned(attached.digest().clone()), &attached)
        .await
        .unwrap();
    let referrers = client
        .referrers(&reference, document.digest(), None)
        .await
        .unwrap();
    assert_eq!(
        referrers.iter().map(|r| &r.digest).collect::<Vec<_>>(),
        [attached.digest()]
    );

    let missing: Reference = format!("{}/team/app:v9", served.registry).parse().unwrap();
    let error = client.manifest(&missing).await.unwrap_err();
    assert_eq!(error.class(), Class::NotFound);
    assert!(error.to_string().contains("MANIFEST_UNKNOWN"), "{error}");
    client
        .delete(&reference.pinned(document.digest().clone()))
        .await
        .unwrap();
    let error = client.manifest(&reference).await.unwrap_err();
    assert_eq!(error.class(), Class::NotFound);
}

#[tokio::test]
async fn everything_goes_there_and_back() {
    let served = start(None);
    let client = Client::new(Options::default(), Arc::new(Anonymous)).unwrap();
    assert_eq!(client.ping(&served.registry).await.unwrap(), Ping::Open);
    round_trip(&client, &served).await;
}

#[tokio::test]
async fn a_login_is_proved_stored_and_used() {
    let served = start(Some(("ada", "right-password")));
    let anonymous = Client::new(Options::default(), Arc::new(Anonymous)).unwrap();
    let credential = |password: &str| Credential::Basic {
        username: "ada".to_owned(),
        password: Secret::new(password),
    };
    let error = anonymous.ping(&served.registry).await.unwrap_err();
    assert_eq!(error.class(), Class::Unauthorized);
    let error = anonymous
        .verify(&served.registry, credential("wrong"))
        .await
        .unwrap_err();
    assert_eq!(error.class(), Class::Unauthorized);
    assert!(error.to_string().contains("UNAUTHORIZED"), "{error}");
    let proof = anonymous
        .verify(&served.registry, credential("right-password"))
        .await
        .unwrap();
    assert_eq!(proof, Ping::Authenticated);
    let store = Store::new(served.folder.path().join("credentials.json"));
    store
        .put(&served.registry, None, &credential("right-password"))
        .unwrap();
    let files = CredentialFiles {
        own: Some(store.path().to_owned()),
        ..CredentialFiles::default()
    };
    let client = Client::new(Options::default(), Arc::new(Keychain::new(files))).unwrap();
    assert_eq!(
        client.ping(&served.registry).await.unwrap(),
        Ping::Authenticated
    );
    round_trip(&client, &served).await;
}
