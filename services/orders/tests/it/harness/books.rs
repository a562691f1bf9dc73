//! What the tables say.

use ticketing_contracts::ids::{OrderId, TicketId};
use ticketing_testkit::eventually;

use super::World;

impl World {
    /// What there is of a ticket: capacity, held and sold.
    pub async fn stock(&self, ticket: TicketId) -> (i32, i32, i32) {
        let sql =
            format!("SELECT capacity, held, sold FROM inventory WHERE ticket_id = '{ticket}'");
        let row = self.sql.query_one(&sql, &[]).await.unwrap();
        (row.get(0), row.get(1), row.get(2))
    }

    /// Moves an order's deadlines, and with them its tickets', into the past.
    pub async fn let_expire(&self, order: OrderId) {
        let past = "now() - interval '1 second'";
        let id = order;
        self.sql
            .batch_execute(&format!(
                "BEGIN; \
                 UPDATE orders SET expires_at = {past}, release_at = {past} WHERE id = '{id}'; \
                 UPDATE order_item SET held_until = {past} WHERE order_id = '{id}'; \
                 UPDATE inventory SET next_release_at = {past} WHERE ticket_id IN \
                   (SELECT ticket_id FROM order_item WHERE order_id = '{id}'); \
                 COMMIT"
            ))
            .await
            .unwrap();
    }

    /// How many tickets' books are wrong: more out than there are, or other sums than the orders'.
    pub async fn wrong_books(&self) -> i64 {
        self.number(
            "SELECT count(*) FROM inventory AS i LEFT JOIN ( \
               SELECT ticket_id, \
                 sum(quantity) FILTER (WHERE status IN ('created', 'awaiting:payment')) AS held, \
                 sum(quantity) FILTER (WHERE status = 'complete') AS sold \
               FROM order_item JOIN orders ON orders.id = order_id GROUP BY ticket_id \
             ) AS o USING (ticket_id) \
             WHERE i.held <> coalesce(o.held, 0) OR i.sold <> coalesce(o.sold, 0) \
                OR coalesce(o.held, 0) + coalesce(o.sold, 0) > i.capacity",
        )
        .await
    }

    /// Waits until `count` transactions of orders wait for a lock.
    pub async fn stuck(&self, count: i64) {
        let stuck = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' \
                       AND application_name = current_setting('search_path')";
        eventually("transactions wait for a lock", async || {
            (self.number(stuck).await == count).then_some(())
        })
        .await;
    }
}
