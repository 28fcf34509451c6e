use crate::context::Context;
use crate::failure::Failure;
use crate::printer::table;

/// Stored registry credentials
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// List the registries with stored credentials; secrets are never printed
    List,
}

impl Command {
    pub(crate) fn run(self, context: &Context) -> Result<(), Failure> {
        let Self::List = self;
        let logins = context.home()?.logins()?;
        context.printer.result(&logins, |logins| {
            let mut rows = vec![vec!["REGISTRY".to_owned(), "USER".to_owned()]];
            rows.extend(logins.iter().map(|login| {
                let user = login
                    .username
                    .clone()
                    .unwrap_or_else(|| "(token)".to_owned());
                vec![login.registry.clone(), user]
            }));
            table(&rows)
        })?;
        Ok(())
    }
}
