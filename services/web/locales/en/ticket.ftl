ticket-description = { $title }, { $price } each. Held for you while you pay.
ticket-per-ticket = per ticket
ticket-serial = Ticket no.
ticket-get = Get yours
ticket-quantity = Quantity
ticket-quantity-wrong = A whole number, please.
ticket-fewer = One fewer
ticket-more = One more
ticket-total = Total
ticket-buy = Buy now
ticket-buy-held = All held right now
ticket-buy-sold = Sold out
ticket-calm = Nothing is charged yet. On the next page the tickets are held for you, with time to pay.
ticket-account-next = Next: sign in, or create an account in a few seconds; then you are back here, and nothing is charged yet.
ticket-wait = Somebody may not pay in time. This page shows at once when a ticket is free again.
ticket-over = All tickets have found their owners.
ticket-others = See what else is on sale
ticket-per-order = At most { $count } per order
ticket-per-person = At most { $count } per person
ticket-capacity = { $count ->
    [one] A single ticket
   *[other] { $count } tickets in all
}
ticket-own = This is your offer
ticket-own-figures = Sales
ticket-own-edit = Edit
ticket-not-bought = Nothing was reserved
ticket-withdrawn = This offer has been withdrawn
ticket-withdrawn-hint = Its seller has ended the sale.
