//! What every answer goes through on its way out: a failure becomes its page, and headers are added.

use actix_web::{
    HttpResponse,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::StatusCode,
    middleware::Next,
};

use crate::{
    failure::{self, Failure},
    headers,
};

/// Turns what went wrong within into its page, and gives every answer its headers.
///
/// # Errors
/// None: it becomes a page.
pub async fn answers<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let response = next.call(request).await?.map_into_boxed_body();
    let Some(failure) = failure_of(response.response()) else {
        return Ok(headers::put(response));
    };
    let (request, _) = response.into_parts();
    let response = failure::answer(&request, &failure).await;
    Ok(headers::put(ServiceResponse::new(request, response)))
}

fn failure_of(response: &HttpResponse) -> Option<Failure> {
    if let Some(error) = response.error() {
        let failure = error.as_error::<Failure>().cloned();
        // Else one of libs/http's or of actix's own extractors.
        return Some(
            failure.unwrap_or_else(|| Failure::of_status(error.as_response_error().status_code())),
        );
    }
    // The router says this, without an error.
    (response.status() == StatusCode::METHOD_NOT_ALLOWED).then_some(Failure::NotFound)
}
