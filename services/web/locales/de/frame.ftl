# Der Rahmen jeder Seite.
frame-skip = Zum Inhalt springen
frame-places = Seiten
frame-account = Konto
frame-tickets = Tickets
frame-orders = Bestellungen
frame-selling = Meine Tickets
frame-sell = Verkaufen
frame-sign-in = Anmelden
frame-sign-up = Registrieren
frame-sign-out = Abmelden
frame-signed-in = Angemeldet als { $email }
frame-foot = Tickets, die bis zur Zahlung reserviert bleiben.
frame-docs = Für Entwickler
frame-language = Sprache
frame-account-down = Die Konten sind gerade nicht erreichbar, deshalb ist hier niemand angemeldet. Bitte in einer Minute noch einmal versuchen.
