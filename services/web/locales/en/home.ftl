home-title = Tickets while they last
home-description = Find a ticket, have it held for you while you pay, and it is yours. Nobody can take it meanwhile.
home-lead = Pick one. It is held for you while you pay, and nobody can take it meanwhile.
home-search = Search
home-search-hint = Try “choir”
home-search-button = Search
home-offers = On sale now
home-found = Tickets for “{ $q }”
home-all = Show all tickets
home-older = More offers
home-first = Back to the newest
home-fresh = Show new ones
home-empty = Nothing is on sale right now
home-empty-hint = As soon as somebody puts a ticket up, it shows here. That can be you.
home-empty-sell = Sell a ticket
home-none = Nothing found for “{ $q }”
home-none-hint = Try fewer words, or the beginning of one.
home-down = The tickets can’t be shown at the moment
home-down-hint = We are on it. Try again in a minute.
home-again = Try again

# How much is left of a ticket.
stock-one = Still available
stock-left = { $count ->
    [one] 1 left
   *[other] { $count } left
}
stock-few = { $count ->
    [one] Only 1 left
   *[other] Only { $count } left
}
stock-held = Sold out for now
stock-back-in = { $count } held, may come back in
stock-back = { $count } held, may come back
stock-sold = Sold out
stock-minutes = { $count } min
stock-any-moment = a moment
