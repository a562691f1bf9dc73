//! Why there is no answer that could be used.

use std::time::Duration;

use actix_web::http::StatusCode;
use ticketing_contracts::api::problem::ErrorItem;

use crate::{failure::Failure, visit::ReturnTo};

/// What to wait when a service that has enough does not say for how long.
const DEFAULT_WAIT: Duration = Duration::from_secs(5);

/// A service did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// It refused; nothing was changed.
    #[error("refused with {status}: {errors:?}")]
    Refused {
        /// 400 to 499.
        status: StatusCode,
        /// What is wrong, in English words for a person. Never empty.
        errors: Vec<ErrorItem>,
        /// When it may be asked again, if it said so.
        retry_after: Option<Duration>,
    },
    /// It can't be found, did not answer in time, or failed. What it did is not known.
    #[error("{service}: {cause}")]
    Unavailable {
        /// Its name.
        service: &'static str,
        /// For the log.
        cause: String,
    },
}

impl ClientError {
    /// The status of a refusal.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            Self::Unavailable { .. } => None,
        }
    }

    /// The first thing that is wrong, of a refusal.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        match self {
            Self::Refused { errors, .. } => errors.first().map(|error| error.message.as_str()),
            Self::Unavailable { .. } => None,
        }
    }
}

/// For a page that is nothing without the answer.
impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Unavailable { service, .. } => Self::Unavailable(service),
            ClientError::Refused {
                status: StatusCode::UNAUTHORIZED,
                ..
            } => Self::SignIn(ReturnTo::default()),
            ClientError::Refused {
                status: StatusCode::TOO_MANY_REQUESTS,
                retry_after,
                ..
            } => Self::Busy(retry_after.unwrap_or(DEFAULT_WAIT)),
            ClientError::Refused { status, errors, .. } => {
                if !matches!(status, StatusCode::NOT_FOUND | StatusCode::FORBIDDEN) {
                    tracing::warn!(%status, ?errors, "a refusal that no page expects");
                }
                Self::of_status(status)
            }
        }
    }
}
