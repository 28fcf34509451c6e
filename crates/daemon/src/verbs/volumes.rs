//! Volumes.

use http::StatusCode;
use hyper::body::Incoming;
use lazaret_supervisor::notation::volumes::{Filter, passes};
use lazaret_supervisor::{NamedVolume, WantedVolume};
use lazaret_values::Size;
use serde::Deserialize;
use serde_json::json;

use super::finish::finish;
use super::nothing::no_query;
use super::wanted::{labels, read};
use crate::answer::{Answer, document, done};
use crate::fault::Failure;
use crate::request::{Query, read_json};
use crate::shared::Shared;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Create {
    name: Option<String>,
    size: Option<String>,
    label: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Prune {
    all: bool,
    filter: Vec<String>,
    dry_run: bool,
}

/// `GET /v1/volumes`
pub(crate) async fn list(shared: &Shared, query: Option<&str>) -> Result<Answer, Failure> {
    let filters = Query::read(query, &["filter"])?.all("filter", str::parse::<Filter>)?;
    let listed = shared.look(move |home| {
        let volumes = home.volumes()?.into_iter();
        let passing = volumes.filter(|found| passes(found, &filters));
        Ok(passing.map(|found| found.describe()).collect::<Vec<_>>())
    });
    Ok(done(&listed.await?))
}

/// `GET /v1/volumes/{volume}`
pub(crate) async fn inspect(
    shared: &Shared,
    name: String,
    query: Option<&str>,
) -> Result<Answer, Failure> {
    no_query(query)?;
    Ok(done(&find(shared, name).await?.describe()))
}

/// `POST /v1/volumes`
pub(crate) async fn create(
    shared: &Shared,
    query: Option<&str>,
    body: &mut Incoming,
) -> Result<Answer, Failure> {
    no_query(query)?;
    let create: Create = read_json(body).await?;
    let size = read("size", create.size.as_deref(), |text| {
        Size::parse_counting(text, Size::MIB)
    })?;
    let wanted = WantedVolume {
        name: create.name,
        bytes: size.map(|size| Size::mebibytes(size.in_mebibytes()).0),
        labels: labels(&create.label),
    };
    shared.look(|_| Ok(())).await?;
    let home = shared.home.clone();
    let made = finish(async move { Ok(home.create_volume(wanted).await?) }).await?;
    let described = find(shared, made.name).await?.describe();
    Ok(document(StatusCode::CREATED, &described))
}

/// `DELETE /v1/volumes/{volume}`
pub(crate) async fn remove(
    shared: &Shared,
    name: String,
    query: Option<&str>,
) -> Result<Answer, Failure> {
    no_query(query)?;
    shared.look(|_| Ok(())).await?;
    let home = shared.home.clone();
    let removed = finish(async move {
        home.remove_volume(&name).await?;
        Ok(name)
    });
    Ok(done(&json!({ "name": removed.await? })))
}

/// `POST /v1/prune/volumes`
pub(crate) async fn prune(
    shared: &Shared,
    query: Option<&str>,
    body: &mut Incoming,
) -> Result<Answer, Failure> {
    no_query(query)?;
    let prune: Prune = read_json(body).await?;
    let filters = prune.filter.iter();
    let filters = filters
        .map(|text| {
            let unusable = |error| format!("filter '{text}' cannot be used: {error}");
            let filter = text.parse::<Filter>().map_err(unusable);
            filter.map_err(crate::fault::Fault::usage)
        })
        .collect::<Result<Vec<_>, _>>()?;
    shared.look(|_| Ok(())).await?;
    let home = shared.home.clone();
    let pruned = finish(async move {
        Ok(home
            .prune_volumes(prune.all, &filters, prune.dry_run)
            .await?)
    });
    Ok(done(&pruned.await?))
}

async fn find(shared: &Shared, name: String) -> Result<NamedVolume, lazaret_supervisor::Error> {
    shared.look(move |home| home.volume(&name)).await
}
