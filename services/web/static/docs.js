// Shows a service's OpenAPI document by Swagger UI (static/vendor/swagger-ui), as a part of our page: without a title
// and landmarks of its own, with headings that follow ours, and with names for what it leaves without one.

(() => {
  'use strict';

  const place = document.getElementById('docs');
  const dark = matchMedia('(prefers-color-scheme: dark)');

  // What it calls its dark mode follows the system's, as the rest of the page does.
  const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
  dark.addEventListener('change', follow);
  follow();

  const parts = ({ React }) => {
    const make = React.createElement;
    return {
      components: {
        /** Only what there is to ask for: the page has the rest. */
        DocsLayout({ getComponent }) {
          const names = ['SvgAssets', 'errors', 'operations'];
          const shown = names.map((key) => make(getComponent(key, true), { key }));
          return make('div', { className: 'swagger-ui' }, shown);
        },
      },
      wrapComponents: {
        // Tags are names of our modules.
        OperationTag: () => ({ children }) => make('div', null, children),
        operation: (Operation) => (props) => {
          const { method, path } = props.operation?.toJS?.() ?? props;
          const heading = make('h2', { className: 'unseen' }, `${method} ${path}`.toUpperCase());
          return make('div', null, heading, make(Operation, props));
        },
      },
    };
  };

  /** Attributes that it does not set, and so does not take away again. */
  function name(root) {
    for (const table of root.querySelectorAll('table[role=region]:not([aria-label])')) {
      table.setAttribute('aria-label', `Responses ${table.id}`);
    }
    for (const area of root.querySelectorAll('textarea:not([aria-label])')) {
      area.setAttribute('aria-label', 'Request body');
    }
    // Its headings come after ours of the second level.
    for (const heading of root.querySelectorAll('h4:not([aria-level]), h5:not([aria-level])')) {
      heading.setAttribute('role', 'heading');
      heading.setAttribute('aria-level', Number(heading.tagName[1]) - 1);
    }
  }

  new MutationObserver(() => name(place)).observe(place, { childList: true, subtree: true });

  SwaggerUIBundle({
    domNode: place,
    url: place.dataset.document,
    presets: [SwaggerUIBundle.presets.apis],
    plugins: [parts],
    layout: 'DocsLayout',
    // Nothing is asked of another site.
    validatorUrl: null,
    docExpansion: 'list',
    defaultModelsExpandDepth: -1,
  });
})();
