# Was die Dienste antworten, für Menschen.
refusal-reserved = Jemand anderes hat es reserviert. Ohne Zahlung wird es wieder frei.
refusal-sold-out = Ausverkauft.
refusal-all-held = Gerade sind alle reserviert. Vielleicht werden welche wieder frei.
refusal-only-left = { $count ->
    [one] Nur noch 1 ist da.
   *[other] Nur noch { $count } sind da.
}
refusal-per-person = Höchstens { $limit } pro Person, und { $count } sind es schon.
refusal-per-order = Höchstens { $limit } pro Bestellung.
refusal-price-changed = Der Preis ist gerade auf { $price } geändert worden. Bitte noch einmal ansehen.
refusal-email-in-use = Mit dieser Adresse gibt es schon ein Konto. Einfach anmelden.
refusal-credentials = E-Mail und Passwort passen nicht zusammen.
refusal-edit-reserved = Was reserviert oder verkauft ist, lässt sich nicht bearbeiten. Endet die Reservierung ohne Zahlung, geht es wieder.
refusal-unreachable = Der Dienst antwortet gerade nicht. Bitte in einer Minute noch einmal versuchen.
refusal-too-many = Zu viele Versuche. Bitte einen Moment warten.
refusal-withdraw-taken = Davon ist etwas reserviert oder verkauft, deshalb lässt es sich nicht zurückziehen.
refusal-edited-meanwhile = Es wurde inzwischen geändert. Unten steht der jetzige Stand: bitte die Änderungen noch einmal vornehmen.
refusal-being-paid = Sie wird gerade bezahlt.
refusal-complete = Sie ist schon bezahlt.
