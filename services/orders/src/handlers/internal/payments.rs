//! `POST /internal/orders`

use actix_web::{HttpResponse, web::Data};
use futures::future::join_all;
use ticketing_contracts::{
    ids::OrderId,
    internal::{OrderAnswer, OrderRequest, OrderRequests, Wish},
};
use ticketing_http::{Json, Problem, internal::Caller};

use crate::{
    domain::{Answer, Command},
    error::Error,
    orders::Orders,
    reservation::Asked,
};

/// Does what payments want of their orders. Each is asked for itself; that they come together lets them be
/// decided together.
///
/// # Errors
/// Of the request as a whole. What an order refuses is among the answers.
pub async fn handle(
    orders: Data<Orders>,
    caller: Caller,
    body: Json<OrderRequests>,
) -> Result<HttpResponse, Problem> {
    super::only(caller, "payments")?;
    let Json(OrderRequests(requests)) = body;
    let answers = requests.into_iter().map(|request| ask(&orders, request));
    Ok(HttpResponse::Ok().json(join_all(answers).await))
}

async fn ask(orders: &Orders, request: OrderRequest) -> OrderAnswer {
    let asked = Asked {
        trace: request.traceparent.and_then(|trace| trace.parse().ok()),
        command: command(request.order_id, request.wish),
    };
    let problem: Problem = match orders.tell(asked).await {
        Ok(Answer::Leased(lease)) => return OrderAnswer::Leased(lease),
        Ok(Answer::Done) => return OrderAnswer::GivenBack,
        Ok(Answer::Settled(settled)) => return OrderAnswer::Settled(settled),
        Ok(other) => Error::unexpected(&other).into(),
        Err(error) => error.into(),
    };
    let status = problem.status();
    if status.is_client_error() {
        OrderAnswer::Refused {
            status: status.as_u16(),
            message: problem.message().to_owned(),
        }
    } else {
        OrderAnswer::Failed {
            status: status.as_u16(),
        }
    }
}

fn command(order_id: OrderId, wish: Wish) -> Command {
    match wish {
        Wish::Lease { user_id, by_hand } => Command::Lease {
            order_id,
            user_id,
            by_hand,
        },
        Wish::GiveBack { lease } => Command::GiveBack { order_id, lease },
        Wish::Settle { payment_id } => Command::Settle {
            order_id,
            payment_id,
        },
    }
}
