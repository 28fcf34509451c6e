use super::*;

#[tokio::test(start_paused = true)]
async fn large_manifests_wait_for_room_and_small_ones_do_not() {
    let room = ManifestRoom::default();
    let all = room.take(ROOM).await.unwrap();
    assert!(room.take(SMALL).await.unwrap().is_none());
    let refused = room.take(SMALL + 1).await.unwrap_err().into_response();
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.headers().contains_key(header::RETRY_AFTER));
    drop(all);
    assert!(room.take(usize::MAX).await.unwrap().is_some());
}

#[tokio::test(start_paused = true)]
async fn one_large_manifest_is_stored_at_a_time() {
    let room = ManifestRoom::default();
    let endless = room.in_turn(SMALL + 1, std::future::pending::<()>());
    tokio::pin!(endless);
    assert!(futures_util::poll!(&mut endless).is_pending());
    room.in_turn(SMALL, async {}).await;
    let second = room.in_turn(SMALL + 1, async {});
    assert!(tokio::time::timeout(PATIENCE, second).await.is_err());
}
