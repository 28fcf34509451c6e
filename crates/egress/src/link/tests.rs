use super::*;

#[tokio::test]
async fn messages_come_as_they_were_sent_and_then_the_end() {
    let (mut ours, mut theirs) = tokio::io::duplex(16);
    let sending = tokio::spawn(async move {
        send(&mut ours, &"one").await.unwrap();
        send(&mut ours, &vec![1, 2, 3]).await.unwrap();
    });
    assert_eq!(
        receive::<String>(&mut theirs).await.unwrap().unwrap(),
        "one"
    );
    assert_eq!(
        receive::<Vec<u8>>(&mut theirs).await.unwrap().unwrap(),
        [1, 2, 3]
    );
    assert!(receive::<String>(&mut theirs).await.unwrap().is_none());
    sending.await.unwrap();
}

#[tokio::test]
async fn what_is_no_message_is_an_error_and_takes_no_memory() {
    for bytes in [
        &b"\xff\xff\xff\xff{}"[..],
        b"\0\0\0\x08{}",
        b"\0\0\0\x02{]",
        b"\0\0\0\x02\"\xff",
    ] {
        let (mut ours, mut theirs) = tokio::io::duplex(64);
        ours.write_all(bytes).await.unwrap();
        drop(ours);
        assert!(receive::<String>(&mut theirs).await.is_err(), "{bytes:?}");
    }
}
