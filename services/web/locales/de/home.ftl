home-title = Tickets, solange sie da sind
home-description = Ticket finden, reservieren, in Ruhe bezahlen. Solange nimmt es niemand weg.
home-lead = Eins aussuchen. Es bleibt bis zur Zahlung reserviert, und niemand kann es wegnehmen.
home-search = Tickets suchen
home-search-hint = Etwa „Chor“
home-search-button = Suchen
home-offers = Jetzt im Verkauf
home-found = Tickets zu „{ $q }“
home-all = Alle Tickets zeigen
home-older = Weitere Tickets
home-first = Zurück zu den neuesten
home-fresh = Neue zeigen
home-empty = Gerade ist nichts im Verkauf
home-empty-hint = Sobald jemand ein Ticket anbietet, steht es hier. Das geht auch selbst.
home-empty-sell = Ticket verkaufen
home-none = Nichts gefunden zu „{ $q }“
home-none-hint = Mit weniger Wörtern oder mit einem Wortanfang klappt es vielleicht.
home-down = Die Tickets können gerade nicht angezeigt werden
home-down-hint = Wir sind dran. Bitte in einer Minute noch einmal versuchen.
home-again = Noch einmal versuchen

# Wie viel von einem Ticket übrig ist.
stock-one = Noch zu haben
stock-left = { $count ->
    [one] Noch 1 da
   *[other] Noch { $count } da
}
stock-few = { $count ->
    [one] Nur noch 1 da
   *[other] Nur noch { $count } da
}
stock-held = Im Moment ausverkauft
stock-back-in = { $count } reserviert, vielleicht wieder frei in
stock-back = { $count } reserviert, vielleicht bald wieder frei
stock-sold = Ausverkauft
stock-minutes = { $count } Min.
stock-any-moment = einem Moment
