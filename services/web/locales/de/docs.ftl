docs-title = Für Entwickler
docs-lead = Was jeder Dienst beantwortet: Adressen, was sie annehmen und was sie zurückgeben. Mit einer Anmeldung lassen sich Anfragen hier ausprobieren.
docs-apis = Dienste
docs-document = Das OpenAPI-Dokument selbst
docs-script = Diese Ansicht braucht JavaScript, das Dokument selbst nicht.
