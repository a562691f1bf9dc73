// The card form that stands in for Stripe's element: labelled fields, errors beside them, test cards to choose.

let forms = 0;

function element(name, properties = {}, ...children) {
  const { className = '', ...rest } = properties;
  const made = Object.assign(document.createElement(name), rest);
  made.className = className;
  made.append(...children);
  return made;
}

/** Once for a page, from beside the script: a page's policy need not allow inline styles. */
function loadStyle() {
  const href = new URL('stripe.css', SCRIPT).href;
  if (document.querySelector(`link[href="${href}"]`)) return;
  document.head.append(element('link', { rel: 'stylesheet', href }));
}

/** As the page does; a page that says nothing about it gets what the visitor's system prefers. */
function schemeClass() {
  const scheme = getComputedStyle(document.documentElement).colorScheme;
  return !scheme || scheme === 'normal' ? ' stripe-sim-scheme' : '';
}

/** An element of Stripe's: `mount`, `on`, and what was typed in. */
class CardForm {
  #id = `stripe-sim-${(forms += 1)}`;
  #inputs = {};
  #listeners = {};
  #shown = new Set();
  #root = null;

  constructor(type) {
    this.type = type;
  }

  mount(target) {
    const place = typeof target === 'string' ? document.querySelector(target) : target;
    if (!place) throw new Error(`There is nothing at ${target} to mount the card form on.`);
    loadStyle();
    this.#root ??= this.#build();
    place.replaceChildren(this.#root);
    queueMicrotask(() => this.#emit('ready', { elementType: this.type }));
    return this;
  }

  unmount() {
    this.#root?.remove();
  }

  destroy() {
    this.unmount();
    this.#root = null;
    this.#inputs = {};
  }

  update() {}

  focus() {
    this.#inputs.number?.focus();
  }

  blur() {
    this.#root?.querySelector(':focus')?.blur();
  }

  clear() {
    for (const input of Object.values(this.#inputs)) input.value = '';
    this.#shown.clear();
    this.#changed();
  }

  on(event, listener) {
    (this.#listeners[event] ??= []).push(listener);
    return this;
  }

  off(event, listener) {
    this.#listeners[event] = (this.#listeners[event] ?? []).filter((other) => other !== listener);
    return this;
  }

  /** Shows what is wrong and puts the focus there. Returns Stripe's error, or nothing. */
  check() {
    for (const { name } of FIELDS) this.#shown.add(name);
    this.#changed();
    const wrong = FIELDS.find(({ name }) => this.#wrong(name));
    if (!wrong) return undefined;
    this.#inputs[wrong.name]?.focus();
    const message = this.#wrong(wrong.name);
    return { type: 'validation_error', code: `invalid_${wrong.name}`, message };
  }

  /** The card, as Stripe's parameters. */
  parameters() {
    const expiry = expiryOf(this.#text('expiry'));
    return {
      'card[number]': digitsOf(this.#text('number')),
      'card[exp_month]': expiry?.month,
      'card[exp_year]': expiry?.year,
      'card[cvc]': this.#text('cvc'),
    };
  }

  #text(name) {
    return this.#inputs[name]?.value.trim() ?? '';
  }

  #wrong(name) {
    return CHECKS[name](this.#text(name));
  }

  #emit(event, detail) {
    for (const listener of this.#listeners[event] ?? []) listener(detail);
  }

  #changed() {
    for (const { name } of FIELDS) {
      const input = this.#inputs[name];
      if (!input) continue;
      const message = this.#shown.has(name) ? this.#wrong(name) : '';
      input.setAttribute('aria-invalid', String(Boolean(message)));
      document.getElementById(`${input.id}-error`)?.replaceChildren(message);
    }
    const complete = FIELDS.every(({ name }) => !this.#wrong(name));
    const empty = FIELDS.every(({ name }) => !this.#text(name));
    const value = { type: 'card' };
    this.#emit('change', { elementType: this.type, complete, empty, collapsed: false, value });
  }

  #build() {
    const fields = FIELDS.map((field) => this.#field(field));
    return element(
      'div',
      { className: `stripe-sim${schemeClass()}` },
      element('p', { className: 'stripe-sim-note' }, 'Test payments: no card is charged.'),
      element('div', { className: 'stripe-sim-fields' }, ...fields),
      this.#choices(),
    );
  }

  #field({ name, label, autocomplete, placeholder, group }) {
    const id = `${this.#id}-${name}`;
    const input = element('input', { id, type: 'text', inputMode: 'numeric', autocomplete, placeholder, spellcheck: false });
    input.setAttribute('aria-describedby', `${id}-error`);
    input.setAttribute('aria-invalid', 'false');
    input.setAttribute('aria-required', 'true');
    input.addEventListener('input', () => {
      // In the middle of the text the caret would jump: it is grouped when the field is left.
      if (input.selectionStart === input.value.length) input.value = group(input.value);
      this.#changed();
    });
    input.addEventListener('blur', () => {
      input.value = group(input.value);
      if (input.value) this.#shown.add(name);
      this.#changed();
    });
    this.#inputs[name] = input;
    const error = element('p', { id: `${id}-error`, className: 'stripe-sim-error' });
    error.setAttribute('aria-live', 'polite');
    return element(
      'div',
      { className: `stripe-sim-field stripe-sim-${name}` },
      element('label', { htmlFor: id }, label),
      input,
      error,
    );
  }

  #choices() {
    const rows = TEST_CARDS.map(([number, what]) => {
      const button = element('button', { type: 'button' }, groupNumber(number));
      button.addEventListener('click', () => this.#fill(number));
      return element('li', {}, button, ` ${what}`);
    });
    return element(
      'details',
      { className: 'stripe-sim-choices' },
      element('summary', {}, 'Test cards'),
      element('ul', {}, ...rows),
    );
  }

  #fill(number) {
    const year = String(new Date().getFullYear() + 3).slice(2);
    const values = { number: groupNumber(number), expiry: `12 / ${year}`, cvc: '123' };
    for (const [name, value] of Object.entries(values)) this.#inputs[name].value = value;
    this.#shown.clear();
    this.#changed();
  }
}

