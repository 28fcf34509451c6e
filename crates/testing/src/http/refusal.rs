//! Checks refusals in the form of the distribution specification ("Error Codes").

use super::reply::Reply;

impl Reply {
    /// Asserts that it is a refusal with one of the statuses.
    ///
    /// # Panics
    /// When it is not; `what` names the request in the message.
    #[track_caller]
    pub fn is_refusal(&self, statuses: &[u16], what: &str) {
        assert!(statuses.contains(&self.status), "{what}: {self:?}");
        let first = &self.json()["errors"][0];
        assert!(first["code"].is_string(), "{what}: {self:?}");
        assert!(first["message"].is_string(), "{what}: {self:?}");
    }

    /// Asserts that it is a refusal with this status, whose first error has this code.
    ///
    /// # Panics
    /// When it is not.
    #[track_caller]
    pub fn is_error(&self, status: u16, code: &str) -> &Self {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/json"));
        let first = &self.json()["errors"][0];
        assert_eq!(first["code"], code, "{self:?}");
        assert_ne!(first["message"], "", "{self:?}");
        assert!(first["message"].is_string(), "{self:?}");
        self
    }
}
