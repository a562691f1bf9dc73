//! Sees to it that no payment is forgotten: whatever is due is looked at, by one instance at a time.

use std::{sync::Arc, time::Duration};

use ticketing_contracts::ids::PaymentId;
use tokio::{sync::Semaphore, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{error::Error, paying::Paying, store::due};

/// The most that are looked at once.
const AT_ONCE: usize = 16;

/// How often it is looked at least: another instance may have made something due.
const POLL: Duration = Duration::from_secs(1);

/// Looks at what is due until it is told to stop, then finishes what it has begun.
pub async fn run(paying: Paying, stop: CancellationToken) {
    if let Some(Err(error)) = stop.run_until_cancelled(take_up(&paying)).await {
        tracing::warn!(%error, "what was left behind is looked at when its time comes");
    }
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut looks = JoinSet::new();
    while !stop.is_cancelled() {
        while looks.try_join_next().is_some() {}
        let wait = match round(&paying, &places, &mut looks).await {
            Ok(wait) => wait,
            Err(error) => {
                tracing::warn!(%error, "what is due could not be read");
                POLL
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = paying.bell.notified() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
    while looks.join_next().await.is_some() {}
}

/// Whatever this instance was at when it was stopped, nobody is at now.
async fn take_up(paying: &Paying) -> Result<(), Error> {
    let mut connection = paying.pool.get().await?;
    let found = due::left_behind(&mut connection, &paying.instance).await?;
    if found > 0 {
        tracing::info!(found, "attempts that were cut short are taken up");
    }
    Ok(())
}

/// Begins to look at what is due, as far as there is room. Returns how long nothing else will be.
async fn round(
    paying: &Paying,
    places: &Arc<Semaphore>,
    looks: &mut JoinSet<()>,
) -> Result<Duration, Error> {
    let free = places.available_permits();
    if free == 0 {
        return Ok(POLL);
    }
    let mut connection = paying.pool.get().await?;
    let limit = i64::try_from(free).unwrap_or(1);
    let taken = due::take(&mut connection, limit, paying.patience.attempt).await?;
    let next = due::next(&mut connection).await?;
    drop(connection);
    let full = taken.len() == free;
    for id in taken {
        let (paying, places) = (paying.clone(), Arc::clone(places));
        looks.spawn(async move {
            let _place = places.acquire().await;
            look(&paying, id).await;
        });
    }
    Ok(if full {
        Duration::from_millis(10)
    } else {
        next.unwrap_or(POLL).min(POLL)
    })
}

async fn look(paying: &Paying, id: PaymentId) {
    let Err(error) = paying.look(id).await else {
        return;
    };
    tracing::warn!(payment = %id, %error, "a payment is looked at again");
    let put_off = async {
        let mut connection = paying.pool.get().await?;
        due::put_off(&mut connection, id, paying.patience.retry).await?;
        Ok::<_, Error>(())
    };
    if let Err(error) = put_off.await {
        tracing::warn!(payment = %id, %error, "a payment is looked at again, later");
    }
}
