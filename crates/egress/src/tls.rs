//! TLS on both sides: with our certificates to the guest, and verified to the world.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use lazaret_values::{Chain, Printable};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ServerConfig};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};

use crate::authority::Offer;

/// The longest handshake, of either side.
const HANDSHAKE: Duration = Duration::from_secs(20);

/// A fatal alert: access denied (RFC 8446, section 6).
const ACCESS_DENIED: [u8; 7] = [21, 3, 3, 0, 2, 2, 49];

/// Answers a client as the server that it wants.
///
/// # Errors
/// Why the client does not go on, in words.
pub(crate) async fn accept<S>(
    stream: S,
    config: Arc<ServerConfig>,
) -> Result<server::TlsStream<S>, String>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    match timeout(HANDSHAKE, TlsAcceptor::from(config).accept(stream)).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => Err(format!(
            "the client does not go on with the certificate of this machine's authority: {}",
            words(&error)
        )),
        Err(_) => Err("the TLS handshake takes too long".to_owned()),
    }
}

/// Speaks TLS to a server and verifies who it is.
///
/// # Errors
/// Why it is not the server, in words.
pub(crate) async fn connect(
    stream: TcpStream,
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
    offer: Offer,
) -> Result<client::TlsStream<TcpStream>, String> {
    let shown = name.to_str().into_owned();
    let connector = TlsConnector::from(config);
    let connecting = connector.with_alpn(offer.protocols()).connect(name, stream);
    match timeout(HANDSHAKE, connecting).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => Err(format!("no TLS with {shown}: {}", words(&error))),
        Err(_) => Err(format!("no TLS with {shown}: the handshake takes too long")),
    }
}

/// Tells a client that has sent its first message that it is refused.
pub(crate) async fn refuse<S: AsyncWrite + Unpin>(stream: &mut S) {
    let telling = async {
        stream.write_all(&ACCESS_DENIED).await?;
        stream.shutdown().await
    };
    // The client may have gone, or may not read.
    let _ = timeout(Duration::from_secs(1), telling).await;
}

/// An error with its causes, for people.
fn words(error: &io::Error) -> String {
    Printable::excerpt(&Chain(error).to_string())
}
