//! First messages of TLS, made for tests.

/// A first message without its records.
pub(crate) fn message(extensions: &[(u16, &[u8])]) -> Vec<u8> {
    let mut list = Vec::new();
    for (kind, content) in extensions {
        list.extend(kind.to_be_bytes());
        list.extend(length(content.len()));
        list.extend(*content);
    }
    let mut body = vec![3, 3];
    body.extend([7; 32]);
    body.extend([0, 0, 2, 0x13, 1, 1, 0]);
    body.extend(length(list.len()));
    body.extend(list);
    let mut message = vec![1, 0];
    message.extend(length(body.len()));
    message.extend(body);
    message
}

/// A message in records of at most this many bytes.
pub(crate) fn records(message: &[u8], most: usize) -> Vec<u8> {
    let mut records = Vec::new();
    for piece in message.chunks(most) {
        records.extend([22, 3, 1]);
        records.extend(length(piece.len()));
        records.extend(piece);
    }
    records
}

/// The content of the extension for a server's name.
pub(crate) fn name(name: &str) -> Vec<u8> {
    let mut content = length(name.len() + 3).to_vec();
    content.push(0);
    content.extend(length(name.len()));
    content.extend(name.as_bytes());
    content
}

/// A first message for a server, in one record.
pub(crate) fn hello(server: &str) -> Vec<u8> {
    records(&message(&[(0, &name(server))]), 1 << 14)
}

fn length(length: usize) -> [u8; 2] {
    u16::try_from(length)
        .expect("what tests make is short")
        .to_be_bytes()
}
