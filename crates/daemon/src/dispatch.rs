//! Takes a request to its verb.

use http::Request;
use hyper::body::Incoming;

use crate::act::Act;
use crate::answer::{Answer, failed};
use crate::fault::Failure;
use crate::shared::Shared;
use crate::verbs::{
    attach, create, events, exec, files, life, list, logs, stats, system, volumes, wait,
};

/// Answers a request.
pub(crate) async fn answer(shared: Shared, request: Request<Incoming>) -> Answer {
    let busy = shared.activity.begin();
    let explain = shared.explain;
    let mut answer = match act(shared, request).await {
        Ok(answer) => answer,
        Err(failure) => failed(&failure.into_fault(explain)),
    };
    answer.body_mut().keep(busy);
    answer
}

async fn act(shared: Shared, request: Request<Incoming>) -> Result<Answer, Failure> {
    let (act, name) = Act::of(request.method(), request.uri().path())?;
    tracing::debug!(?act, name, "request");
    let (head, mut body) = request.into_parts();
    let query = head.uri.query();
    match act {
        Act::Ping => system::ping(query),
        Act::Version => system::version(&shared, query),
        Act::Document => system::document(query),
        Act::Usage => system::usage(&shared, query).await,
        Act::Images => system::images(&shared, query).await,
        Act::Events => events::events(&shared, query).await,
        Act::Machines => list::list(&shared, query).await,
        Act::Inspect => list::inspect(&shared, &name, query).await,
        Act::Create => create::create(&shared, &head, &mut body).await,
        Act::PruneMachines => life::prune(&shared, query, &mut body).await,
        Act::Remove => life::remove(&shared, name, query).await,
        Act::Start => life::start(&shared, name, query, &mut body).await,
        Act::Stop => life::stop(&shared, name, query, &mut body).await,
        Act::Restart => life::restart(&shared, name, query, &mut body).await,
        Act::Kill => life::kill(&shared, name, query, &mut body).await,
        Act::Pause => life::pause(&shared, name, query, &mut body).await,
        Act::Unpause => life::unpause(&shared, name, query, &mut body).await,
        Act::Rename => life::rename(&shared, name, query, &mut body).await,
        Act::Wait => wait::wait(&shared, &name, query, &mut body).await,
        Act::Logs => logs::logs(&shared, &name, query).await,
        Act::Stats => stats::stats(&shared, &name, query).await,
        Act::Exec => exec::exec(&shared, &name, head, body).await,
        Act::Attach => attach::attach(&shared, &name, head, body).await,
        Act::CopyOut => files::out(&shared, name, query).await,
        Act::CopyIn => files::into(&shared, name, query, body).await,
        Act::Volumes => volumes::list(&shared, query).await,
        Act::CreateVolume => volumes::create(&shared, query, &mut body).await,
        Act::PruneVolumes => volumes::prune(&shared, query, &mut body).await,
        Act::InspectVolume => volumes::inspect(&shared, name, query).await,
        Act::RemoveVolume => volumes::remove(&shared, name, query).await,
    }
}
