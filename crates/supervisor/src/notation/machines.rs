//! Filters of machines: `KEY=VALUE`.

use crate::machines::Found;
use crate::time;

/// One filter. Several of one command must all match, but of those with the same key, such as two
/// names, one is enough.
#[derive(Debug, Clone)]
pub enum Filter {
    /// The id begins with this.
    Id(String),
    /// The name contains this.
    Name(String),
    /// The machine is in this state.
    Status(String),
    /// It has ended with this exit status.
    Exited(u8),
    /// It has this label, with this value if there is one.
    Label(String, Option<String>),
    /// It is of this image: as it was named, without its tag, or by digest.
    Ancestor(String),
    /// It uses this volume, or one at this path.
    Volume(String),
    /// It was made before this machine.
    Before(String),
    /// It was made after this machine.
    Since(String),
    /// It was made before this moment, in nanoseconds since 1970.
    Until(u64),
}

impl std::str::FromStr for Filter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
        let value = value.to_owned();
        Ok(match key {
            "id" => Self::Id(value),
            "name" => Self::Name(value),
            "status" => Self::Status(value),
            "exited" => Self::Exited(value.parse().map_err(|_| "expected an exit status")?),
            "label" => match value.split_once('=') {
                Some((key, value)) => Self::Label(key.to_owned(), Some(value.to_owned())),
                None => Self::Label(value, None),
            },
            "ancestor" => Self::Ancestor(value),
            "volume" => Self::Volume(value),
            "before" => Self::Before(value),
            "since" => Self::Since(value),
            "until" => Self::Until(time::moment(&value)?),
            _ => {
                return Err(
                    "expected id, name, status, exited, label, ancestor, volume, before, since or \
                     until"
                        .to_owned(),
                );
            }
        })
    }
}

impl Filter {
    /// Whether a machine passes; `Before` and `Since` need the list and are in [`apply`].
    fn matches(&self, found: &Found) -> bool {
        let spec = &found.spec;
        match self {
            Self::Id(id) => spec.id.starts_with(id.as_str()),
            Self::Name(name) => spec.name.contains(name.as_str()),
            Self::Status(status) => found.state.life.name() == status,
            Self::Exited(status) => found.state.life.status() == Some(*status),
            Self::Label(key, value) => spec
                .labels
                .get(key)
                .is_some_and(|label| value.as_ref().is_none_or(|value| value == label)),
            Self::Ancestor(image) => {
                let tagless = |name: &str| name.rsplit_once(':').map(|(name, _)| name.to_owned());
                let short = spec.image.rsplit('/').next().unwrap_or_default();
                spec.image == *image
                    || short == image
                    || tagless(&spec.image).as_ref() == Some(image)
                    || tagless(short).as_ref() == Some(image)
                    || spec.image_digest == *image
            }
            Self::Volume(wanted) => {
                let mut volumes = spec.volumes.iter();
                volumes.any(|volume| volume.name == *wanted || volume.target == *wanted)
            }
            Self::Until(moment) => spec.created < *moment,
            Self::Before(_) | Self::Since(_) => true,
        }
    }
}

/// The machines that pass all filters, in their order.
#[must_use]
pub fn apply(machines: Vec<Found>, filters: &[Filter]) -> Vec<Found> {
    let created = |name: &String| {
        let is_it =
            |found: &&Found| found.spec.name == *name || found.spec.id.starts_with(name.as_str());
        machines.iter().find(is_it).map(|found| found.spec.created)
    };
    let bounds: Vec<(bool, Option<u64>)> = filters
        .iter()
        .filter_map(|filter| match filter {
            Filter::Before(name) => Some((true, created(name))),
            Filter::Since(name) => Some((false, created(name))),
            _ => None,
        })
        .collect();
    let in_time = |found: &Found| {
        bounds.iter().all(|(before, bound)| {
            bound.is_some_and(|bound| match before {
                true => found.spec.created < bound,
                false => found.spec.created > bound,
            })
        })
    };
    let passes = |found: &Found| {
        filters.iter().all(|filter| {
            let same_key = filters
                .iter()
                .filter(|other| std::mem::discriminant(*other) == std::mem::discriminant(filter));
            match filter {
                Filter::Label(..) => filter.matches(found),
                _ => same_key.into_iter().any(|filter| filter.matches(found)),
            }
        })
    };
    let kept: Vec<bool> = machines
        .iter()
        .map(|found| in_time(found) && passes(found))
        .collect();
    let kept = machines.into_iter().zip(kept);
    kept.filter_map(|(found, keep)| keep.then_some(found))
        .collect()
}
