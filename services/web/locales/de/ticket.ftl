ticket-description = { $title }, je { $price }. Bleibt bis zur Zahlung reserviert.
ticket-per-ticket = pro Ticket
ticket-serial = Ticket Nr.
ticket-get = Tickets sichern
ticket-quantity = Anzahl
ticket-quantity-wrong = Bitte eine ganze Zahl.
ticket-fewer = Eins weniger
ticket-more = Eins mehr
ticket-total = Summe
ticket-buy = Jetzt kaufen
ticket-buy-held = Gerade alle reserviert
ticket-buy-sold = Ausverkauft
ticket-calm = Es wird noch nichts abgebucht. Auf der nächsten Seite sind die Tickets reserviert, mit Zeit zum Bezahlen.
ticket-account-next = Als Nächstes: anmelden oder in ein paar Sekunden ein Konto anlegen; danach geht es hier weiter, und abgebucht wird noch nichts.
ticket-wait = Vielleicht zahlt jemand nicht rechtzeitig. Sobald ein Ticket wieder frei ist, steht es hier.
ticket-over = Alle Tickets haben jemanden gefunden.
ticket-others = Was es sonst noch gibt
ticket-per-order = Höchstens { $count } pro Bestellung
ticket-per-person = Höchstens { $count } pro Person
ticket-capacity = { $count ->
    [one] Ein einzelnes Ticket
   *[other] { $count } Tickets insgesamt
}
ticket-own = Das ist das eigene Angebot
ticket-own-figures = Verkauf
ticket-own-edit = Bearbeiten
ticket-not-bought = Es wurde nichts reserviert
ticket-withdrawn = Dieses Angebot wurde zurückgezogen
ticket-withdrawn-hint = Der Verkauf ist beendet. Davon kann nichts mehr gekauft werden.
