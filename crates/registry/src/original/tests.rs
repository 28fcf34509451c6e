use std::net::SocketAddr;

use http::HeaderValue;

use super::*;

const TOKEN: &str = "Bearer the-token";

fn original(folder: &std::path::Path, is_remote: bool) -> Original {
    let token_file = folder.join("token");
    std::fs::write(&token_file, "the-token\r\n").unwrap();
    let listening = "0.0.0.0:8578".parse().unwrap();
    Original {
        token_file,
        is_remote,
        engine: Engine::new(listening, false, folder.to_owned(), folder.to_owned()),
        logins: Logins {
            file: None,
            looked_up: std::collections::BTreeSet::new(),
        },
    }
}

async fn status(original: &Original, peer: &str, authorization: &'static str) -> u16 {
    let peer = Peer::plain(peer.parse::<SocketAddr>().unwrap());
    let value = HeaderValue::from_static(authorization);
    let headers = HeaderMap::from_iter([(header::AUTHORIZATION, value)]);
    match original.admit(&headers, &peer).await {
        Ok(()) => 200,
        Err(refusal) => refusal.into_response().status().as_u16(),
    }
}

#[tokio::test]
async fn only_this_machine_gets_in_unless_the_settings_say_otherwise() {
    let folder = tempfile::tempdir().unwrap();
    let (local, remote) = (
        original(folder.path(), false),
        original(folder.path(), true),
    );
    for peer in [
        "127.0.0.1:1",
        "127.8.0.1:1",
        "[::1]:1",
        "[::ffff:127.0.0.1]:1",
    ] {
        assert_eq!(status(&local, peer, TOKEN).await, 200, "{peer}");
        assert_eq!(status(&local, peer, "Bearer the-toke").await, 401, "{peer}");
    }
    for peer in [
        "10.0.0.1:1",
        "[2001:db8::1]:1",
        "[::ffff:10.0.0.1]:1",
        "0.0.0.0:1",
    ] {
        assert_eq!(status(&local, peer, TOKEN).await, 403, "{peer}");
        assert_eq!(status(&remote, peer, TOKEN).await, 200, "{peer}");
        assert_eq!(status(&remote, peer, "Bearer other").await, 401, "{peer}");
    }
}
