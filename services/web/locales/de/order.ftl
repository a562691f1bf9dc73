order-title = Bestellung
order-number = Bestellung Nr.
order-held = Reserviert
order-held-hint = Wer in dieser Zeit bezahlt, bekommt die Tickets.
order-left = Zeit zum Bezahlen
order-until = Sie sind reserviert bis
order-total = Summe
order-each = { $count } × { $price }
order-pay = Bezahlen
order-pay-now = { $amount } bezahlen
order-card-loading = Das Kartenformular wird geladen …
order-card-failed = Das Kartenformular konnte nicht geladen werden. Bitte die Verbindung prüfen und die Seite neu laden; die Tickets bleiben reserviert.
order-simulated = Testzahlungen
order-no-script = Zum Bezahlen ist JavaScript nötig
order-no-script-hint = Die Kartendaten gehen vom Browser direkt zu Stripe, und dafür ist JavaScript nötig. Bitte einschalten und die Seite neu laden, oder sie in einem anderen Browser öffnen und dort anmelden. Die Tickets bleiben bis zur genannten Zeit reserviert.
order-pay-down = Zahlungen sind gerade nicht möglich
order-pay-down-hint = Es wurde nichts abgebucht. Die Tickets bleiben reserviert; bitte die Seite gleich noch einmal laden.
order-cancel = Bestellung stornieren
order-cancel-hint = Doch nicht? Die Tickets sind sofort wieder im Verkauf.
order-not-cancelled = Die Bestellung wurde nicht storniert
order-under-way = Die Zahlung läuft
order-under-way-hint = Bitte nicht noch einmal bezahlen. Die Tickets bleiben reserviert, und das Ergebnis erscheint hier von selbst.
order-confirm = Die Bank möchte die Zahlung bestätigt haben
order-confirm-hint = Die Tickets bleiben so lange reserviert.
order-confirm-button = Bei der Bank bestätigen
order-failed = Die Zahlung hat nicht geklappt
order-failed-hint = Die Tickets sind noch reserviert: noch einmal versuchen, oder eine andere Karte.
order-over-title = Die Bestellung ist abgelaufen
order-over-hint = Die Bestellung wurde nicht rechtzeitig bezahlt, und die Tickets sind wieder im Verkauf. Es wurde nichts abgebucht.
order-cancelled-title = Bestellung storniert
order-cancelled-hint = Die Tickets sind wieder im Verkauf. Es wurde nichts abgebucht.
order-refund-gone = Die Zahlung kam nach dem Ende der Bestellung, und die Tickets waren weg.
order-refund-cancelled = Die Zahlung kam, als die Bestellung schon storniert war.
order-refunding-title = Das Geld kommt zurück
order-refunding-hint = Der ganze Betrag geht auf die Karte zurück; bis die Bank das zeigt, können einige Tage vergehen.
order-refunded-title = Das Geld ist zurück
order-refunded-hint = Der ganze Betrag ging auf die Karte zurück.
order-again = Zurück zum Angebot
order-complete-title = { $count ->
    [one] Das Ticket
   *[other] Die Tickets
}
order-complete-hint = { $count ->
    [one] Diese Seite aufheben oder ausdrucken: sie ist das Ticket.
   *[other] Diese Seite aufheben oder ausdrucken: das sind die Tickets.
}
order-print = Drucken
order-admit = Eintritt
order-paid = Bezahlt
order-bought = Bestellt
order-holder = Für
order-all = Alle Bestellungen
order-expires-soon = { $count ->
    [one] Noch 1 Minute zum Bezahlen
   *[other] Noch { $count } Minuten zum Bezahlen
}
order-network = Die Zahlungsstelle ist nicht erreichbar. Bitte die Verbindung prüfen und noch einmal versuchen: ein zweiter Versuch bucht nicht doppelt ab.

orders-title = Meine Bestellungen
orders-description = Was bestellt wurde, das Neueste zuerst.
orders-lead = Das Neueste zuerst. Was sich ändert, steht sofort hier.
orders-empty = Noch keine Bestellungen
orders-empty-hint = Ein reserviertes Ticket steht hier und bleibt bis zur Zahlung frei gehalten.
orders-browse = Ticket finden
orders-down = Die Bestellungen können gerade nicht angezeigt werden
orders-down-hint = Sie sind sicher. Bitte in einer Minute noch einmal versuchen.
orders-older = Ältere Bestellungen
orders-pay = Jetzt bezahlen
orders-expires-in = Läuft ab in
orders-more-items = und { $count ->
    [one] 1 weiteres
   *[other] { $count } weitere
}

status-created = Reserviert, noch nicht bezahlt
status-paying = Zahlung läuft
status-complete = Bezahlt
status-cancelled = Storniert
status-expired = Zeit abgelaufen
status-refunding = Erstattung läuft
status-refunded = Erstattet
