# Der Rahmen jeder Seite.
frame-skip = Zum Inhalt springen
frame-places = Seiten
frame-account = Konto
frame-tickets = Tickets
frame-orders = Meine Bestellungen
frame-selling = Meine Tickets
frame-sell = Verkaufen
frame-sign-in = Anmelden
frame-sign-up = Konto anlegen
frame-sign-out = Abmelden
frame-signed-in = Angemeldet als { $email }
frame-foot = Tickets, die bis zur Zahlung reserviert bleiben.
frame-docs = Für Entwickler
frame-language = Sprache
frame-loading = Wird geladen …
frame-part-down = Dieser Teil kann gerade nicht angezeigt werden. Der Rest der Seite funktioniert.
frame-account-down = Die Konten sind gerade nicht erreichbar, deshalb ist hier niemand angemeldet. Bitte in einer Minute noch einmal versuchen.
