sign-in-title = Anmelden
sign-in-description = Anmelden, um Tickets zu bestellen und zu verkaufen.
sign-in-lead = Schön, dass es wieder losgeht.
sign-in-first = Erst anmelden, dann geht es genau da weiter, wo es aufgehört hat.
sign-in-button = Anmelden
sign-in-other = Noch kein Konto?
sign-in-other-link = Konto anlegen

sign-up-title = Konto anlegen
sign-up-description = Eine E-Mail-Adresse und ein Passwort genügen.
sign-up-lead = Eine E-Mail-Adresse und ein Passwort, sonst nichts.
sign-up-first = Konto anlegen, dann geht es genau da weiter, wo es aufgehört hat.
sign-up-button = Konto anlegen
sign-up-other = Schon ein Konto?
sign-up-other-link = Anmelden

account-email = E-Mail
account-email-wrong = Eine E-Mail-Adresse wie ann@example.com
account-password = Passwort
account-password-wrong = Hier fehlt das Passwort
account-new-password-hint = Mindestens 8 Zeichen
account-new-password-wrong = 8 bis 128 Zeichen
account-refused = Das hat nicht geklappt
