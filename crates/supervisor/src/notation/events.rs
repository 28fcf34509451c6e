//! Filters of events: `KEY=VALUE`.

use crate::machines::MachineEvent;

/// One filter. Several must all match.
#[derive(Debug, Clone)]
pub enum Filter {
    /// This happened.
    Event(String),
    /// The machine has this name, or an id that begins with this.
    Machine(String),
    /// The machine is of this image.
    Image(String),
    /// The machine has this label, with this value if there is one.
    Label(String, Option<String>),
}

impl std::str::FromStr for Filter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
        let value = value.to_owned();
        match key {
            "event" => Ok(Self::Event(value)),
            "machine" | "container" => Ok(Self::Machine(value)),
            "image" => Ok(Self::Image(value)),
            "label" => Ok(match value.split_once('=') {
                Some((key, value)) => Self::Label(key.to_owned(), Some(value.to_owned())),
                None => Self::Label(value, None),
            }),
            _ => Err("expected event, machine, image or label".to_owned()),
        }
    }
}

impl Filter {
    /// Whether an event passes.
    #[must_use]
    pub fn passes(&self, event: &MachineEvent) -> bool {
        match self {
            Self::Event(action) => event.action.name() == action,
            Self::Machine(machine) => {
                event.name == *machine || event.id.starts_with(machine.as_str())
            }
            Self::Image(image) => event.image == *image,
            Self::Label(key, value) => event
                .labels
                .get(key)
                .is_some_and(|label| value.as_ref().is_none_or(|value| value == label)),
        }
    }
}
