// The one visible element of a kind with this accessible name: the whole name, or else its beginning.
// Nothing when there is none; an error when there are several and no one of them is in the main part alone.

const [kind, wanted] = arguments;

const KINDS = {
  button: 'button, input[type=submit], input[type=button], [role=button], summary',
  link: 'a[href], [role=link]',
  field: 'input:not([type=hidden], [type=submit], [type=button]), select, textarea',
  heading: 'h1, h2, h3, [role=heading]',
  // What somebody has to know now.
  alert: '[role=alert]',
};

const tidy = (text) => text.replace(/\s+/g, ' ').trim();

/** The words of an element without its icons. */
function wordsOf(element) {
  const copy = element.cloneNode(true);
  for (const hidden of copy.querySelectorAll('[aria-hidden=true], svg, script, select, input')) hidden.remove();
  return tidy(copy.textContent);
}

function nameOf(element) {
  const by = element.getAttribute('aria-labelledby');
  if (by) {
    const labels = by.split(/\s+/).map((id) => document.getElementById(id));
    return tidy(labels.filter(Boolean).map(wordsOf).join(' '));
  }
  if (element.ariaLabel) return tidy(element.ariaLabel);
  if (element.labels?.length) return tidy([...element.labels].map(wordsOf).join(' '));
  if (element.matches('input[type=submit], input[type=button]')) return tidy(element.value);
  return wordsOf(element);
}

const visible = [...document.querySelectorAll(KINDS[kind])].filter((element) =>
  element.checkVisibility({ visibilityProperty: true }),
);
const named = (test) => visible.filter((element) => test(nameOf(element).toLowerCase()));
const name = wanted.toLowerCase();
let found = named((text) => text === name);
if (!found.length) found = named((text) => text.startsWith(name));
if (found.length > 1) {
  const main = found.filter((element) => element.closest('main'));
  if (main.length) found = main;
}
if (found.length > 1) throw new Error(`${found.length} × ${kind} "${wanted}": ${found.map(nameOf).join(' | ')}`);
return found[0] ?? null;
