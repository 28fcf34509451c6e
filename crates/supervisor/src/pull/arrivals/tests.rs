use lazaret_images::ImageStore;

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_gets_the_blob_or_learns_that_it_will_not_come() {
    let folder = tempfile::tempdir().unwrap();
    let store = ImageStore::open(folder.path()).unwrap();
    let (announcer, arrivals) = Arrivals::new(store.leased().unwrap());
    let digests = [Digest::of(b"comes"), Digest::of(b"does not")];
    let waiting = digests.clone().map(|digest| {
        let arrivals = arrivals.clone();
        std::thread::spawn(move || arrivals.wait_for(&digest))
    });
    let blob = Blob::of_bytes("text/plain", "comes");
    announcer.put_blob(&blob).await.unwrap();
    let [first, second] = waiting;
    assert_eq!(first.join().unwrap().unwrap().length(), 5);
    assert!(!second.is_finished());
    drop(announcer);
    assert!(matches!(
        second.join().unwrap(),
        Err(Error::BlobMissing { digest }) if digest == digests[1]
    ));
    arrivals.wait_for(&digests[0]).unwrap();
}
