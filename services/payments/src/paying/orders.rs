//! What orders is asked: to keep the tickets, to let them go, and what becomes of a payment.
//!
//! Orders decides in batches, so payments that go on at the same time ask together: while one request is
//! under way, what others want gathers for the next one. Nobody waits long for a request of others: one
//! that is slow is overtaken.

use std::time::Duration;

use actix_web::http::StatusCode;
use ticketing_contracts::{
    ids::{OrderId, PaymentId, UserId},
    internal::{Lease, MOST_AT_ONCE, OrderAnswer, OrderRequest, OrderRequests, Settled, Wish},
};
use ticketing_http::internal::{Peer, PeerError};
use ticketing_runtime::telemetry::trace::TraceContext;
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

/// So many may wait to be asked.
const QUEUE: usize = 4096;

/// The next request goes out when the last one is answered, or after this long.
const APART: Duration = Duration::from_millis(20);

/// The orders service. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Orders(mpsc::Sender<Asked>);

/// A question, and who waits for its answer.
#[derive(Debug)]
struct Asked {
    request: OrderRequest,
    answer: oneshot::Sender<Result<OrderAnswer, PeerError>>,
}

impl Orders {
    /// Starts the task that asks, through orders' internal route. It ends when nobody can ask any more.
    #[must_use]
    pub fn start(peer: Peer) -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE);
        tokio::spawn(serve(receiver, peer));
        Self(sender)
    }

    /// Asks that an order's tickets are kept for a payment.
    ///
    /// # Errors
    /// Refused when the order is unknown, another's, or can't be paid any more.
    pub async fn lease(
        &self,
        order: OrderId,
        user_id: UserId,
        by_hand: bool,
    ) -> Result<Lease, PeerError> {
        match self.ask(order, Wish::Lease { user_id, by_hand }).await? {
            OrderAnswer::Leased(lease) => Ok(lease),
            other => Err(unexpected(other)),
        }
    }

    /// Gives a lease back after a failure. One that orders knows nothing of is given back.
    ///
    /// # Errors
    /// When orders can't be asked.
    pub async fn give_back(&self, order: OrderId, lease: i64) -> Result<(), PeerError> {
        match self.ask(order, Wish::GiveBack { lease }).await {
            Ok(OrderAnswer::GivenBack) => Ok(()),
            Err(PeerError::Refused { status, .. }) if status == StatusCode::NOT_FOUND => Ok(()),
            Ok(other) => Err(unexpected(other)),
            Err(error) => Err(error),
        }
    }

    /// Tells of a success.
    ///
    /// # Errors
    /// When orders can't be asked.
    pub async fn settle(
        &self,
        order: OrderId,
        payment_id: PaymentId,
    ) -> Result<Settled, PeerError> {
        match self.ask(order, Wish::Settle { payment_id }).await? {
            OrderAnswer::Settled(settled) => Ok(settled),
            other => Err(unexpected(other)),
        }
    }

    async fn ask(&self, order_id: OrderId, wish: Wish) -> Result<OrderAnswer, PeerError> {
        let (answer, answered) = oneshot::channel();
        let request = OrderRequest {
            order_id,
            traceparent: TraceContext::current().map(|trace| trace.traceparent()),
            wish,
        };
        let asked = Asked { request, answer };
        let waits = |_| PeerError::Unavailable("too many wait for orders already".to_owned());
        self.0.try_send(asked).map_err(waits)?;
        let lost = |_| PeerError::Unavailable("the request was dropped".to_owned());
        let answer = answered.await.map_err(lost)??;
        match answer {
            OrderAnswer::Refused { status, message } => Err(PeerError::Refused {
                status: StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST),
                message,
            }),
            OrderAnswer::Failed { status } => {
                Err(PeerError::Unavailable(format!("answered {status}")))
            }
            answer => Ok(answer),
        }
    }
}

async fn serve(mut receiver: mpsc::Receiver<Asked>, peer: Peer) {
    let mut waiting = Vec::with_capacity(MOST_AT_ONCE);
    while receiver.recv_many(&mut waiting, MOST_AT_ONCE).await > 0 {
        let together = std::mem::take(&mut waiting);
        let asking = tokio::spawn(ask_all(peer.clone(), together));
        _ = timeout(APART, asking).await;
    }
}

/// One request for all. What becomes of it becomes of each.
async fn ask_all(peer: Peer, together: Vec<Asked>) {
    let (requests, waiting): (Vec<_>, Vec<_>) = together
        .into_iter()
        .map(|asked| (asked.request, asked.answer))
        .unzip();
    let answers = peer.ask("/internal/orders", &OrderRequests(requests)).await;
    let answers = answers.and_then(|answers: Vec<OrderAnswer>| {
        if answers.len() == waiting.len() {
            Ok(answers)
        } else {
            let wrong = "answered another number of questions";
            Err(PeerError::Unavailable(wrong.to_owned()))
        }
    });
    match answers {
        Ok(answers) => {
            for (waiting, answer) in waiting.into_iter().zip(answers) {
                // Who has gone away needs none.
                _ = waiting.send(Ok(answer));
            }
        }
        // What is refused as a whole says nothing about an order.
        Err(error) => {
            let error = PeerError::Unavailable(error.to_string());
            for waiting in waiting {
                _ = waiting.send(Err(error.clone()));
            }
        }
    }
}

fn unexpected(answer: OrderAnswer) -> PeerError {
    PeerError::Unavailable(format!("answered {answer:?}"))
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
        time::Duration,
    };

    use actix_web::{App, HttpResponse, HttpServer, dev::ServerHandle, web};
    use futures::future::join_all;
    use ticketing_http::internal::ServiceToken;
    use ticketing_runtime::{
        Settings,
        consul::{ConsulSettings, Resolver},
    };
    use tokio_util::sync::CancellationToken;

    use super::*;

    /// An orders that knows of one thing: an order's number is its lease's. It does not answer a request
    /// about order [`HANGS`], refuses order [`REFUSED`], and all together when [`ODD`] is among them.
    struct StandIn {
        orders: Orders,
        requests: Arc<AtomicUsize>,
        handle: ServerHandle,
    }

    const HANGS: u128 = 1_000;
    const REFUSED: u128 = 1_001;
    const ODD: u128 = 1_002;

    fn order(number: u128) -> OrderId {
        OrderId(uuid::Uuid::from_u128(number))
    }

    async fn answer(
        requests: web::Data<AtomicUsize>,
        body: web::Json<OrderRequests>,
    ) -> HttpResponse {
        requests.fetch_add(1, Ordering::Relaxed);
        let number = |request: &OrderRequest| request.order_id.0.as_u128();
        let has = |which| body.0.0.iter().any(|request| number(request) == which);
        if has(HANGS) {
            tokio::time::sleep(Duration::from_secs(3600)).await;
        }
        if has(ODD) {
            return HttpResponse::Forbidden().finish();
        }
        let answers = body.0.0.iter().map(|request| match &request.wish {
            _ if number(request) == REFUSED => OrderAnswer::Refused {
                status: 409,
                message: "The order has expired".to_owned(),
            },
            Wish::GiveBack { lease } if *lease == 0 => OrderAnswer::Failed { status: 503 },
            Wish::GiveBack { .. } => OrderAnswer::GivenBack,
            Wish::Lease { .. } => OrderAnswer::Leased(Lease {
                number: i64::try_from(number(request)).unwrap(),
                release_at: chrono::DateTime::UNIX_EPOCH,
                amount: 1,
                currency: ticketing_contracts::money::Currency::USD,
            }),
            Wish::Settle { .. } => OrderAnswer::Settled(Settled::Complete),
        });
        HttpResponse::Ok().json(answers.collect::<Vec<_>>())
    }

    impl StandIn {
        fn start() -> Self {
            let requests = Arc::new(AtomicUsize::new(0));
            let data = web::Data::from(Arc::clone(&requests));
            let server = HttpServer::new(move || {
                App::new()
                    .app_data(data.clone())
                    .route("/internal/orders", web::post().to(answer))
            });
            let server = server.workers(1).disable_signals();
            let server = server.bind("127.0.0.1:0").unwrap();
            let url = format!("http://{}", server.addrs()[0]);
            let server = server.run();
            let handle = server.handle();
            actix_web::rt::spawn(server);
            let pairs = [("SERVICE_TOKEN", "token"), ("ORDERS_ADMIN_URL", &url)];
            let mut settings = Settings::from_pairs(pairs);
            let consul = ConsulSettings::read(&mut settings, &["orders-admin"]).unwrap();
            let token = ServiceToken::read(&mut settings).unwrap();
            let resolver = Resolver::new(consul, CancellationToken::new());
            Self {
                orders: Orders::start(Peer::new(&resolver, "orders", token)),
                requests,
                handle,
            }
        }

        async fn lease(&self, number: u128) -> Result<i64, PeerError> {
            let user = UserId(uuid::Uuid::nil());
            let lease = self.orders.lease(order(number), user, false).await;
            lease.map(|lease| lease.number)
        }
    }

    #[actix_web::test]
    async fn what_waits_is_asked_together_and_each_has_its_own_answer() {
        let world = StandIn::start();
        let leases = join_all((0..200).map(|number| world.lease(number))).await;
        let leases: Vec<_> = leases.into_iter().map(Result::unwrap).collect();
        assert_eq!(leases, (0..200).collect::<Vec<_>>());
        // As many as one request may hold, three times, and the rest.
        assert_eq!(world.requests.load(Ordering::Relaxed), 4);
        world.handle.stop(false).await;
    }

    #[actix_web::test]
    async fn one_that_hangs_is_overtaken() {
        let world = StandIn::start();
        let mut hangs = std::pin::pin!(world.lease(HANGS));
        assert!(futures::poll!(&mut hangs).is_pending());
        // What is asked at once would go with it.
        while world.requests.load(Ordering::Relaxed) == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(world.lease(7).await.unwrap(), 7);
        assert!(futures::poll!(&mut hangs).is_pending());
        world.handle.stop(false).await;
    }

    #[actix_web::test]
    async fn a_refusal_is_of_one_order() {
        let world = StandIn::start();
        let (refused, granted) = futures::join!(world.lease(REFUSED), world.lease(3));
        let Err(PeerError::Refused { status, message }) = refused else {
            panic!("{refused:?}")
        };
        assert_eq!(
            (status.as_u16(), message.as_str()),
            (409, "The order has expired")
        );
        assert_eq!(granted.unwrap(), 3);
        world.handle.stop(false).await;
    }

    /// It would be taken for what orders says of each order.
    #[actix_web::test]
    async fn a_refusal_of_all_together_is_none_of_theirs() {
        let world = StandIn::start();
        let (one, other) = futures::join!(world.lease(ODD), world.lease(3));
        for failed in [one, other] {
            assert!(
                matches!(failed, Err(PeerError::Unavailable(_))),
                "{failed:?}"
            );
        }
        world.handle.stop(false).await;
    }

    #[actix_web::test]
    async fn giving_back() {
        let world = StandIn::start();
        assert!(world.orders.give_back(order(1), 1).await.is_ok());
        let failed = world.orders.give_back(order(1), 0).await;
        assert!(
            matches!(failed, Err(PeerError::Unavailable(_))),
            "{failed:?}"
        );
        let payment = PaymentId(uuid::Uuid::nil());
        let settled = world.orders.settle(order(1), payment).await;
        assert_eq!(settled.unwrap(), Settled::Complete);
        world.handle.stop(false).await;
    }
}
