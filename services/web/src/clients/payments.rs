//! payments: what is paid. The browser pays by itself, with the card form's help.

use std::{sync::Arc, time::Duration};

use moka::future::Cache;
use ticketing_contracts::{
    api::payments::{Payment, PaymentConfig},
    ids::OrderId,
};

use super::{
    Caller, ClientError,
    connection::{Ask, Connection},
};

/// For how long the configuration is kept: it changes with a deployment.
const CONFIG_KEPT_FOR: Duration = Duration::from_secs(30);

/// Payments of a visitor. Cheap to clone.
#[derive(Debug, Clone)]
pub struct PaymentsClient {
    connection: Connection,
    config: Cache<(), Arc<PaymentConfig>>,
}

impl PaymentsClient {
    pub(super) fn new(connection: Connection) -> Self {
        let config = Cache::builder()
            .time_to_live(CONFIG_KEPT_FOR)
            .max_capacity(1)
            .build();
        Self { connection, config }
    }

    /// What the card form needs.
    ///
    /// # Errors
    /// When payments can't be asked.
    pub async fn config(&self) -> Result<Arc<PaymentConfig>, ClientError> {
        let answer = async {
            let ask = Ask::get("/api/payments/config");
            self.connection.answer(ask).await.map(Arc::new)
        };
        let answer = self.config.try_get_with((), answer).await;
        answer.map_err(|error| ClientError::clone(&error))
    }

    /// The payment of an order, if there is one.
    ///
    /// # Errors
    /// 401.
    pub async fn of_order(
        &self,
        caller: &Caller,
        order: OrderId,
    ) -> Result<Option<Payment>, ClientError> {
        let ask = Ask::get("/api/payments").query("orderId", Some(order));
        let found: Vec<Payment> = self.connection.answer(ask.by(caller)).await?;
        Ok(found.into_iter().next())
    }
}
