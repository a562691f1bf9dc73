order-title = Your order
order-number = Order no.
order-held = Held for you
order-held-hint = Pay within this time and the tickets are yours.
order-left = Time left to pay
order-until = They are held until
order-total = Total
order-each = { $count } × { $price }
order-pay = Pay
order-pay-now = Pay { $amount }
order-card-loading = Loading the card form …
order-card-failed = The card form could not be loaded. Check the connection and reload the page; the tickets stay held.
order-simulated = Test payments
order-no-script = Paying needs JavaScript
order-no-script-hint = The card details go from the browser straight to Stripe, and that takes JavaScript. Switch it on and reload this page, or open it in another browser and sign in there. The tickets stay held until the time above.
order-pay-down = Payments can’t be reached at the moment
order-pay-down-hint = Nothing was charged. The tickets stay held; reload the page in a moment.
order-cancel = Cancel order
order-cancel-hint = Changed your mind? The tickets go back on sale at once.
order-not-cancelled = The order was not cancelled
order-under-way = Your payment is under way
order-under-way-hint = Please don’t pay again. The tickets are kept for you, and this page shows the outcome by itself.
order-confirm = Your bank wants you to confirm the payment
order-confirm-hint = The tickets are kept for you meanwhile.
order-confirm-button = Confirm with the bank
order-failed = The payment did not go through
order-failed-hint = The tickets are still held: try again, or another card.
order-over-title = Your order has expired
order-over-hint = The order was not paid in time, and the tickets are on sale again. Nothing was charged.
order-cancelled-title = Order cancelled
order-cancelled-hint = The tickets are on sale again. Nothing was charged.
order-refund-gone = The payment came after the order had ended, and the tickets were gone.
order-refund-cancelled = The payment came after the order had been cancelled.
order-refunding-title = Your money is on its way back
order-refunding-hint = The whole amount goes back to the card; the bank may take some days to show it.
order-refunded-title = You have your money back
order-refunded-hint = The whole amount went back to the card.
order-again = Back to the offer
order-complete-title = { $count ->
    [one] Your ticket
   *[other] Your tickets
}
order-complete-hint = { $count ->
    [one] Keep this page, or print it: it is your ticket.
   *[other] Keep this page, or print it: these are your tickets.
}
order-print = Print
order-admit = Admit
order-paid = Paid
order-bought = Ordered
order-holder = Holder
order-all = All my orders
order-expires-soon = { $count ->
    [one] 1 minute left to pay
   *[other] { $count } minutes left to pay
}
order-network = The payment service can’t be reached. Check the connection and try again: a second try can’t charge twice.

orders-title = My orders
orders-description = What you have ordered, newest first.
orders-lead = Newest first. What changes shows at once.
orders-empty = No orders yet
orders-empty-hint = A ticket that you reserve shows up here, held for you while you pay.
orders-browse = Find a ticket
orders-down = Your orders can’t be shown at the moment
orders-down-hint = They are safe. Try again in a minute.
orders-older = Older orders
orders-pay = Pay now
orders-expires-in = Expires in
orders-more-items = and { $count ->
    [one] 1 more
   *[other] { $count } more
}

status-created = Held: not paid yet
status-paying = Payment under way
status-complete = Paid
status-cancelled = Cancelled
status-expired = Time was up
status-refunding = Refund under way
status-refunded = Refunded
