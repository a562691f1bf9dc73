// Shows a service's OpenAPI document by Swagger UI (static/vendor/swagger-ui).

(() => {
  'use strict';

  const place = document.getElementById('docs');
  const dark = matchMedia('(prefers-color-scheme: dark)');

  // What it calls its dark scheme follows the system's, as the rest of the page does.
  const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
  dark.addEventListener('change', follow);
  follow();

  SwaggerUIBundle({
    domNode: place,
    url: place.dataset.document,
    presets: [SwaggerUIBundle.presets.apis],
    // Nothing is asked of another site.
    validatorUrl: null,
    docExpansion: 'list',
    defaultModelsExpandDepth: 0,
    tryItOutEnabled: false,
  });
})();
