//! A request of Stripe's API, read: who asks, with which parameters, under which idempotency key.

use std::sync::Arc;

use actix_web::{
    FromRequest, HttpMessage, HttpRequest, HttpResponse,
    dev::Payload,
    http::Method,
    web::{Bytes, Data},
};
use futures::future::LocalBoxFuture;
use serde_json::Value;

use super::{
    answer,
    caller::{Caller, authenticate},
    course::{Course, Write},
    parameters::Parameters,
};
use crate::{
    connection::Connection,
    domain::{
        entry::{Entry, IdempotencyKey},
        error::StripeError,
        refund::RefundStatus,
    },
    operation::Operation,
    simulation::Simulation,
    store::{answers::Claim, books::Books},
};

/// The most characters of an idempotency key.
const KEY_LENGTH: usize = 255;

/// A request by somebody who may ask.
#[derive(Debug)]
pub struct Call {
    /// Who.
    pub caller: Caller,
    /// What is left to be read of the parameters.
    pub parameters: Parameters,
    simulation: Arc<Simulation>,
    connection: Option<Connection>,
    key: Option<String>,
}

/// Which payment a request is about, for faults that concern one order's.
#[derive(Debug, Clone)]
pub enum About {
    /// The payment with the id.
    Intent(String),
    /// The payment of the order.
    Order(Option<String>),
    /// None in particular.
    Nothing,
}

/// What decides a request knows besides the books.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances {
    /// Seconds since 1970.
    pub now: i64,
    /// What a refund is at first.
    pub refunds: RefundStatus,
}

impl Call {
    /// Does a request that changes something: `decide` says what.
    pub async fn change(
        self,
        operation: Operation,
        about: About,
        fingerprint: String,
        decide: impl FnOnce(&Books, Circumstances) -> Result<Entry, StripeError> + 'static,
    ) -> HttpResponse {
        let course = self.course(operation, &about);
        let key = self.key.map(|key| IdempotencyKey { key, fingerprint });
        let claim = key.as_ref().map(|key| self.simulation.ledger.claim(key));
        match claim {
            None | Some(Ok(Claim::First)) => {}
            Some(Ok(Claim::Repeat(entry))) => {
                return course.look(move || answer::entry(&entry, true)).await;
            }
            Some(Err(error)) => return answer::error(&error),
        }
        course.write(Write { key, decide }).await
    }

    /// Does a request that changes nothing.
    pub async fn look(
        self,
        operation: Operation,
        about: About,
        look: impl FnOnce(&Books) -> Result<Value, StripeError> + 'static,
    ) -> HttpResponse {
        let course = self.course(operation, &about);
        let simulation = self.simulation;
        let looked = move || match simulation.ledger.read(look) {
            Ok(value) => answer::value(&value),
            Err(error) => answer::error(&error),
        };
        course.look(looked).await
    }

    /// What tells this request from another with the same key; to be asked before parameters are read.
    #[must_use]
    pub fn fingerprint(&self, operation: Operation, path: &str) -> String {
        match self.key {
            Some(_) => self.parameters.fingerprint(operation.route(), path),
            None => String::new(),
        }
    }

    fn course(&self, operation: Operation, about: &About) -> Course {
        let simulation = &self.simulation;
        simulation.requests.note(operation);
        let order = || match about {
            About::Nothing => None,
            About::Order(order) => order.clone(),
            About::Intent(id) => simulation.ledger.read(|books| {
                let intent = books.intent(id)?;
                intent.terms.metadata.get("orderId").cloned()
            }),
        };
        Course {
            rule: simulation.faults.take(operation, order),
            simulation: simulation.clone(),
            connection: self.connection.clone(),
        }
    }
}

impl FromRequest for Call {
    type Error = StripeError;
    type Future = LocalBoxFuture<'static, Result<Self, StripeError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = Bytes::from_request(request, payload);
        let request = request.clone();
        Box::pin(async move {
            let body = body.await.map_err(|_| Parameters::not_a_form())?;
            read(&request, &body)
        })
    }
}

fn read(request: &HttpRequest, body: &[u8]) -> Result<Call, StripeError> {
    let simulation = request
        .app_data::<Data<Simulation>>()
        .ok_or_else(StripeError::failed)?
        .clone()
        .into_inner();
    // Stripe asks who it is before it reads what is asked.
    let is_form = body.is_empty() || request.content_type() == "application/x-www-form-urlencoded";
    let parameters = match *request.method() {
        Method::GET => Parameters::parse(request.query_string().as_bytes()),
        _ if is_form => Parameters::parse(body),
        _ => Err(Parameters::not_a_form()),
    };
    let (mut parameters, wrong) = match parameters {
        Ok(parameters) => (parameters, None),
        Err(error) => (Parameters::default(), Some(error)),
    };
    let key = parameters.text("key")?;
    let caller = authenticate(request, key.as_deref(), &simulation.settings)?;
    if let Some(error) = wrong {
        return Err(error);
    }
    Ok(Call {
        caller,
        parameters,
        simulation,
        connection: request.conn_data::<Connection>().cloned(),
        key: idempotency_key(request)?,
    })
}

fn idempotency_key(request: &HttpRequest) -> Result<Option<String>, StripeError> {
    let Some(key) = request.headers().get("idempotency-key") else {
        return Ok(None);
    };
    match key.to_str() {
        _ if request.method() == Method::GET => Ok(None),
        Ok(key) if !key.is_empty() && key.len() <= KEY_LENGTH => Ok(Some(key.to_owned())),
        _ => Err(StripeError::idempotency(format!(
            "An idempotency key has 1 to {KEY_LENGTH} characters."
        ))),
    }
}
