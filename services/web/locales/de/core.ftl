# Was jede Seite braucht, worum es auch geht.

site-name = Ticketing

moment = { $day }. { $month ->
    [1] Januar
    [2] Februar
    [3] März
    [4] April
    [5] Mai
    [6] Juni
    [7] Juli
    [8] August
    [9] September
    [10] Oktober
    [11] November
   *[12] Dezember
} { $year }, { $time } UTC

failure-bad-request-title = Das ist nicht zu verstehen
failure-bad-request-text = An dieser Anfrage stimmt etwas nicht. Ein zweiter Versuch von der vorigen Seite aus kann helfen.
failure-forbidden-title = Das gehört jemand anderem
failure-forbidden-text = Nur wem es gehört, kann es sehen. Ein anderes Konto kann helfen.
failure-forged-title = Dieses Formular ist veraltet
failure-forged-text = Es stammt von vor dem An- oder Abmelden oder von jemand anderem. Nichts wurde geändert. Zurück, Seite neu laden und noch einmal absenden.
failure-not-found-title = Hier ist nichts
failure-not-found-text = Vielleicht ist die Adresse falsch geschrieben, oder was hier war, gibt es nicht mehr.
failure-busy-title = Zu viele Versuche
failure-busy-text = Einen Moment warten, dann noch einmal versuchen.
failure-unavailable-title = Im Moment nicht verfügbar
failure-unavailable-text = Ein Teil der Plattform antwortet nicht. Nichts ist verloren; ein neuer Versuch in einem Moment hilft meist.
failure-broken-title = Etwas ist schiefgegangen
failure-broken-text = Es ist unser Fehler. Ein neuer Versuch in einem Moment kann helfen.
failure-number = Passiert es wieder, hilft dem Betreiber dieser Seite die Nummer { $trace }
failure-again = Noch einmal versuchen
failure-home = Zu den Tickets
