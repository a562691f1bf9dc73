//! Tickets by id: whatever is asked for at once is one statement.

use std::{collections::HashMap, sync::Arc};

use ticketing_postgres::Pool;
use uuid::Uuid;

use super::gather::Source;
use crate::{error::Error, representation::Representation, store::tickets};

pub(super) struct Singles(pub(super) Pool);

impl Source for Singles {
    type Lane = ();
    type Question = Uuid;
    type Answer = Arc<HashMap<Uuid, Representation>>;

    async fn answer(&self, (): &(), mut ids: Vec<Uuid>) -> Result<Self::Answer, Error> {
        ids.sort_unstable();
        ids.dedup();
        let found = tickets::offered(&mut *self.0.get().await?, ids).await?;
        let represented = found.into_iter().map(|ticket| {
            let id = ticket.id.0;
            Ok((id, Representation::of(ticket)?))
        });
        let represented: Result<_, Error> = represented.collect();
        Ok(Arc::new(represented?))
    }
}
