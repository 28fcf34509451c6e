//! Credentials of Azure registries: refresh tokens, which their token servers exchange for access
//! tokens.
//!
//! ```text
//! file, program -> access token of Entra ID --POST /oauth2/exchange--> refresh token, kept
//!             \-> refresh token of the registry ------------------------/   |
//!                                                   Credential::IdentityToken -> POST /oauth2/token
//! ```
//! Source: "ACR OAuth" of Azure/acr, `docs/AAD-OAuth.md`; files of Azure's mirror for containerd.

mod origin;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::future::BoxFuture;
use lazaret_oci::{Registry, Repository};
use lazaret_values::Secret;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::auth::{Exchange, ends_at};
use crate::options::{Options, Retry};
use crate::transport::Transport;
use crate::{Credential, CredentialSource, Error};

pub use origin::TokenOrigin;

/// Life of a refresh token that does not say when it ends.
const DEFAULT_LIFE: Duration = Duration::from_secs(3600);
/// Shortest time for which a refresh token is kept: a clock that is wrong must not cause an
/// exchange for every request.
const LEAST_LIFE: Duration = Duration::from_secs(30);
/// Longest time for which a refresh token is kept.
const MOST_LIFE: Duration = Duration::from_secs(86_400);
/// Time before its end at which a refresh token is renewed; less for one with a short life.
const MARGIN: Duration = Duration::from_secs(300);

/// The token on which the credential of an Azure registry is based.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AzureToken {
    /// An access token of Microsoft Entra ID (Azure Active Directory), which is exchanged at the
    /// registry for a refresh token.
    Access(TokenOrigin),
    /// A refresh token of the registry, as `az acr login --expose-token` prints it, and as
    /// Azure's mirror for containerd keeps it in its files `access_token` and `token_cache`.
    Refresh(TokenOrigin),
}

/// The credential of one Azure registry.
///
/// A refresh token is kept until it is about to end, or until the file changes on which it is
/// based. It is given as [`Credential::IdentityToken`].
pub struct AzureRegistry {
    registry: Registry,
    tenant: Option<String>,
    token: AzureToken,
    transport: Transport,
    retry: Retry,
    /// The lock is held during an exchange, so that parallel lookups share it.
    kept: Mutex<Option<Kept>>,
}

struct Kept {
    /// The token on which it is based.
    given: Secret,
    refresh: Secret,
    ends: Instant,
}

impl AzureRegistry {
    /// The credential of `registry`. `tenant` is the Entra tenant, where an access token alone does
    /// not tell it. Exchanges use the connection settings of `options`.
    ///
    /// # Errors
    /// [`Error::Options`] for a certificate file or program that cannot be used.
    pub fn new(
        registry: Registry,
        tenant: Option<String>,
        token: AzureToken,
        options: &Options,
    ) -> Result<Self, Error> {
        token.origin().check()?;
        Ok(Self {
            registry,
            tenant,
            token,
            transport: Transport::new(options)?,
            retry: options.retry,
            kept: Mutex::default(),
        })
    }

    async fn refresh_token(&self) -> Result<Secret, Error> {
        let mut kept = self.kept.lock().await;
        let fresh = kept.as_ref().filter(|kept| Instant::now() < kept.ends);
        let origin = self.token.origin();
        if let (Some(fresh), TokenOrigin::Program(_)) = (fresh, origin) {
            return Ok(fresh.refresh.clone());
        }
        let is_access = matches!(self.token, AzureToken::Access(_));
        let given = origin.token(&self.registry, is_access).await?;
        if let Some(fresh) = fresh.filter(|fresh| fresh.given == given) {
            return Ok(fresh.refresh.clone());
        }
        let refresh = if is_access {
            let exchange = Exchange {
                registry: &self.registry,
                tenant: self.tenant.as_deref(),
                access_token: &given,
            };
            exchange.fetch(&self.transport, self.retry).await?
        } else {
            given.clone()
        };
        *kept = Some(Kept {
            given,
            refresh: refresh.clone(),
            ends: Instant::now() + life(&refresh),
        });
        Ok(refresh)
    }
}

impl AzureToken {
    fn origin(&self) -> &TokenOrigin {
        match self {
            Self::Access(origin) | Self::Refresh(origin) => origin,
        }
    }
}

/// The time for which a refresh token is kept.
fn life(refresh: &Secret) -> Duration {
    let Some(ends) = ends_at(refresh.reveal()) else {
        return DEFAULT_LIFE;
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let left = Duration::from_secs(ends).saturating_sub(now.unwrap_or_default());
    (left - MARGIN.min(left / 10)).clamp(LEAST_LIFE, MOST_LIFE)
}

impl CredentialSource for AzureRegistry {
    fn credential<'a>(
        &'a self,
        registry: &'a Registry,
        _: Option<&'a Repository>,
    ) -> BoxFuture<'a, Result<Option<Credential>, Error>> {
        Box::pin(async move {
            if *registry != self.registry {
                return Ok(None);
            }
            let token = self.refresh_token().await?;
            Ok(Some(Credential::IdentityToken(token)))
        })
    }
}

impl std::fmt::Debug for AzureRegistry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AzureRegistry")
            .field("registry", &self.registry)
            .field("tenant", &self.tenant)
            .field("token", &self.token)
            .finish_non_exhaustive()
    }
}
