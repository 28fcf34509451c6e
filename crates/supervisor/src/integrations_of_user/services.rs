//! Finds the document of a service.

use std::path::Path;

use lazaret_artifacts::Family;

use crate::integration_error::IntegrationError;
use crate::integrations::{
    KnownServices, Service, ServiceOrigin as Origin, built_in, find_built_in,
};
use crate::validation::read_config;
use crate::{Error, Home};

impl Home {
    /// The service of this id: by the document that `from` names (a file, or the reference of an artifact
    /// that a run has resolved), else the one that is built in, else the one of earlier runs.
    ///
    /// # Errors
    /// [`IntegrationError::NotFound`], [`IntegrationError::Ambiguous`]; those of the file.
    pub fn service(&self, id: &str, from: Option<&str>) -> Result<Service, Error> {
        let not_found = || IntegrationError::NotFound { id: id.to_owned() };
        let Some(from) = from else {
            return Ok(self.named_service(id)?.ok_or_else(not_found)?);
        };
        let known = self.known_services().find(id)?;
        let is_named = |service: &Service| match &service.origin {
            Origin::Artifact(reference) => reference == from,
            _ => false,
        };
        if let Some(service) = known.into_iter().find(is_named) {
            return Ok(service);
        }
        let config = read_config(Path::new(from), Family::Integration)?;
        // Policies of this user may name it from now on.
        let path = std::path::absolute(from).map_err(Error::io("find", Path::new(from)))?;
        let path = path.display().to_string();
        self.known_services().keep(id, &path, &config)?;
        Ok(Service::of(id, &config, Origin::File(from.to_owned())))
    }

    /// All services that are built in or known from earlier runs.
    ///
    /// # Errors
    /// Those of the files.
    pub fn services(&self) -> Result<Vec<Service>, Error> {
        let mut services = built_in();
        let known = self.known_services();
        for id in known.ids()? {
            services.extend(known.find(&id)?);
        }
        Ok(services)
    }

    /// A service by its id alone: the one that is built in, or known and not in doubt.
    pub(super) fn named_service(&self, id: &str) -> Result<Option<Service>, Error> {
        match find_built_in(id) {
            Some(service) => Ok(Some(service)),
            None => self.known_service(id),
        }
    }

    pub(super) fn known_services(&self) -> KnownServices {
        KnownServices::new(&self.settings.data)
    }

    fn known_service(&self, id: &str) -> Result<Option<Service>, Error> {
        let mut known = self.known_services().find(id)?;
        // Who publishes under the id of another does not come between it and its user.
        let differs = |service: &Service| {
            (&service.places, &service.credentials) != (&known[0].places, &known[0].credentials)
        };
        if known.iter().any(differs) {
            let reference = |service: &Service| match &service.origin {
                Origin::Artifact(reference) => reference.clone(),
                _ => String::new(),
            };
            return Err(IntegrationError::Ambiguous {
                id: id.to_owned(),
                references: known.iter().map(reference).collect(),
            }
            .into());
        }
        Ok((!known.is_empty()).then(|| known.swap_remove(0)))
    }
}
