//! Runs the suite for the places on this machine.

use async_trait::async_trait;
use lazaret_images::{ImageStore, Layout, LayoutFolder, LayoutTar, Source, TarKind, Target};
use tempfile::TempDir;

use crate::suite::{Place, check};

struct Folder(TempDir);

#[async_trait]
impl Place for Folder {
    async fn new_target(&self) -> Box<dyn Target> {
        Box::new(LayoutFolder::create(&self.0.path().join("layout")).unwrap())
    }

    async fn source(&self) -> Box<dyn Source> {
        Box::new(Layout::in_folder(&self.0.path().join("layout")).unwrap())
    }
}

#[tokio::test]
async fn a_layout_folder_passes() {
    check(async || Folder(tempfile::tempdir().unwrap())).await;
}

struct Tar(TempDir, TarKind);

#[async_trait]
impl Place for Tar {
    async fn new_target(&self) -> Box<dyn Target> {
        Box::new(LayoutTar::create(&self.0.path().join("images.tar"), self.1).unwrap())
    }

    async fn source(&self) -> Box<dyn Source> {
        let store = ImageStore::open(self.0.path().join("store")).unwrap();
        let path = self.0.path().join("images.tar");
        lazaret_images::open(&path, &store.leased().unwrap()).unwrap()
    }

    fn is_lasting(&self) -> bool {
        false
    }
}

#[tokio::test]
async fn a_layout_tar_passes() {
    check(async || Tar(tempfile::tempdir().unwrap(), TarKind::Oci)).await;
}

#[tokio::test]
async fn a_tar_for_docker_passes() {
    check(async || Tar(tempfile::tempdir().unwrap(), TarKind::Docker)).await;
}

struct Store(TempDir);

#[async_trait]
impl Place for Store {
    async fn new_target(&self) -> Box<dyn Target> {
        let store = ImageStore::open(self.0.path()).unwrap();
        Box::new(store.leased().unwrap())
    }

    async fn source(&self) -> Box<dyn Source> {
        let store = ImageStore::open(self.0.path()).unwrap();
        Box::new(store.leased().unwrap())
    }

    fn name(&self, tag: &str) -> String {
        format!("localhost/sample:{tag}")
    }

    fn knows_referrers(&self) -> bool {
        false
    }
}

#[tokio::test]
async fn the_store_passes() {
    check(async || Store(tempfile::tempdir().unwrap())).await;
}
