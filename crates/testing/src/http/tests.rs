use super::*;

#[test]
fn what_is_sent_is_seen_and_what_is_answered_comes_back() {
    let peer = Peer::start(|seen| {
        let answer = Answer::new(201).with("X-Two", "one").with("X-Two", "two");
        answer.body(&seen.body)
    });
    let body = vec![7; 100_000];
    let request = Request::new("PUT", "/a?b=c").header("Accept", "x/y");
    for request in [request.clone().body(&body), request.streamed(&body)] {
        let reply = request.send(peer.address).unwrap();
        assert_eq!(reply.status, 201);
        assert_eq!(reply.all("x-two"), ["one", "two"]);
        assert_eq!(reply.body, body);
        assert!(reply.rest.is_empty());
    }
    assert_eq!(peer.log(), ["PUT /a?b=c", "PUT /a?b=c"]);
    assert_eq!(peer.count("PUT", "/a"), 2);
    let seen = &peer.seen()[1];
    assert_eq!(seen.header("accept"), Some("x/y"));
    assert_eq!((seen.path(), seen.length), ("/a", 100_000));
}

#[test]
fn answers_may_be_chunked_long_or_empty() {
    let peer = Peer::start(|seen| match seen.path() {
        "/chunked" => Answer::new(200).body(&[1; 20_000]).chunked(),
        "/long" => Answer::new(200).zeros(3_000_000),
        _ => Answer::new(204),
    });
    let get = |path| send(peer.address, "GET", path, &[], b"").unwrap();
    assert_eq!(get("/chunked").body, [1; 20_000]);
    assert_eq!(get("/long").body, vec![0; 3_000_000]);
    assert_eq!(get("/").body, b"");
    let head = send(peer.address, "HEAD", "/long", &[], b"").unwrap();
    assert_eq!(head.header("content-length"), Some("3000000"));
    assert_eq!(head.body, b"");
}

#[test]
fn what_is_cut_off_or_malformed_is_an_error() {
    let peer = Peer::start(|seen| match seen.path() {
        "/short" => Answer::new(200).body(b"12").announce(3),
        "/chunks" => Answer::raw("HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12"),
        "/header" => Answer::raw("HTTP/1.1 200 X\r\nno colon\r\n\r\n"),
        "/status" => Answer::raw("HTTP/2 200\r\n\r\n"),
        _ => Answer::raw("HTTP/1.1 200 X\r\nA: b"),
    });
    for path in ["/short", "/chunks", "/header", "/status", "/"] {
        assert!(send(peer.address, "GET", path, &[], b"").is_err(), "{path}");
    }
}

#[test]
fn answers_behind_the_first_are_kept() {
    let two = b"HTTP/1.1 200 X\r\nContent-Length: 1\r\n\r\naHTTP/1.1 201 X\r\n\r\n";
    let first = Reply::parse(two, false).unwrap();
    assert_eq!(first.body, b"a");
    assert_eq!(Reply::parse(&first.rest, false).unwrap().status, 201);
}
