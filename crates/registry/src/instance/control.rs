//! Makes control planes from settings, and serves one alone.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use http::{HeaderName, Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use lazaret_files::Beneath;
use lazaret_values::Secret;
use lazaret_variants::{ControlPlane as Described, hosted_root};
use prometheus_client::metrics::counter::Counter;
use tokio::sync::watch;

use super::settings;
use crate::Error;
use crate::act::Act;
use crate::config::{Config, largest_artifact};
use crate::control::{ControlPlane, ControlPlanes, Digests, Token, answer as answer_transfer};
use crate::message::{Body, Refusal, RequestBody, answer};
use crate::server::{Handler, Listeners};

/// The control planes of the settings. `root` is the registry's folder.
pub(super) fn planes(config: &Config, root: &Path) -> Result<ControlPlanes, Error> {
    let plane = |settings: &crate::config::ControlPlaneSettings| {
        let folder = settings.folder.clone();
        let usual = || root.join("hosted").join(&settings.name).join("artifacts");
        Ok(ControlPlane {
            name: settings.name.clone(),
            audience: settings.audience.clone(),
            header: header_name(&settings.header)?,
            token: Token::File(settings.token_file.clone()),
            store: Beneath::new(folder.unwrap_or_else(usual)),
            largest: settings.largest.0,
            digests: Digests::default(),
        })
    };
    let planes = config.control_planes.iter().map(plane);
    Ok(ControlPlanes(planes.collect::<Result<_, Error>>()?))
}

fn header_name(text: &str) -> Result<HeaderName, Error> {
    HeaderName::try_from(text).map_err(|_| Error::Header {
        name: text.to_owned(),
    })
}

/// A control plane that is served alone, without a registry: its store is beneath the working folder,
/// as Port's is.
pub struct ControlServer {
    planes: ControlPlanes,
    listeners: Listeners,
}

impl ControlServer {
    /// Listens on an address. `folder` is the working folder; the content is in
    /// `.port/hosted/NAME/artifacts` there.
    ///
    /// # Errors
    /// When the address is taken, or the token is empty.
    pub async fn open(
        plane: &Described,
        token: Secret,
        folder: &Path,
        address: SocketAddr,
    ) -> Result<Self, Error> {
        let store: PathBuf = folder.join(hosted_root(&plane.name));
        let plane = ControlPlane {
            name: plane.name.clone(),
            audience: plane.audience.clone(),
            header: header_name(&plane.header)?,
            token: Token::Known(token),
            store: Beneath::new(store),
            largest: largest_artifact().0,
            digests: Digests::default(),
        };
        Ok(Self {
            planes: ControlPlanes(vec![plane]),
            listeners: Listeners::bind(&[address]).await?,
        })
    }

    /// The addresses that it listens on, with the actual ports.
    pub fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.listeners.addresses()
    }

    /// Serves until `stop` resolves, then finishes the requests under way.
    pub async fn serve(self, stop: impl Future<Output = ()> + Send) {
        let limits = settings::connection_limits(&Config::default());
        let pace = limits.pace;
        let planes = Arc::new(self.planes);
        let handler: Handler = Arc::new(move |request: Request<Incoming>, _| {
            let planes = Arc::clone(&planes);
            Box::pin(async move {
                let (head, body) = request.into_parts();
                let mut body = RequestBody::new(body, pace, Counter::default());
                let response = respond(&planes, &head, &mut body).await;
                answer::with(response, header::X_CONTENT_TYPE_OPTIONS, "nosniff")
            })
        });
        // The sender must live as long as the server.
        let (_limits, watched) = watch::channel(limits);
        self.listeners.serve(handler, watched, None, stop).await;
    }
}

async fn respond(
    planes: &ControlPlanes,
    head: &http::request::Parts,
    body: &mut RequestBody,
) -> Response<Body> {
    if matches!(head.method, Method::GET | Method::HEAD) && head.uri.path() == "/livez" {
        return answer::json(StatusCode::OK, &serde_json::json!({}));
    }
    let transfer = match Act::parse(&head.method, head.uri.path()) {
        Ok(Act::Transfer(transfer)) => Ok(transfer),
        _ => Err(Refusal::not_found()),
    };
    match transfer {
        Ok(transfer) => answer_transfer(planes, transfer, head, body)
            .await
            .unwrap_or_else(|| Refusal::not_found().into_response()),
        Err(refusal) => {
            body.discard(&head.headers).await;
            refusal.into_response()
        }
    }
}
