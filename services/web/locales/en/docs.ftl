docs-title = For developers
docs-lead = What every service answers: routes, what they take, and what they give back. With a session, requests can be tried out here.
docs-apis = Services
docs-document = The OpenAPI document itself
docs-script = This view needs JavaScript. The document itself does not.
