// What a page sees: Stripe's own interface, as far as a page that takes a card needs it.

/** `stripe.elements()`: the forms of one page. */
class Elements {
  #forms = {};

  constructor(options = {}) {
    this.options = options;
  }

  /** `payment`, or the older `card`: the same form. */
  create(type) {
    if (type !== 'payment' && type !== 'card') {
      throw new Error(`The payment simulator has no element "${type}": it has "payment" and "card".`);
    }
    this.#forms[type] = new CardForm(type);
    return this.#forms[type];
  }

  getElement(type) {
    return this.#forms[type] ?? null;
  }

  update(options) {
    Object.assign(this.options, options);
  }

  async fetchUpdates() {
    return {};
  }

  /** Checks what was typed in, and shows what is wrong. */
  async submit() {
    const error = this.form().check();
    return error ? { error } : { selectedPaymentMethod: 'card' };
  }

  form() {
    const form = this.#forms.payment ?? this.#forms.card;
    if (!form) throw new Error('There is no element yet: create one and mount it first.');
    return form;
  }
}

class Stripe {
  #key;

  constructor(key) {
    if (!String(key).startsWith('pk_')) throw new Error('Stripe needs a publishable key (pk_…).');
    this.#key = key;
  }

  elements(options) {
    return new Elements(options);
  }

  /** `{elements}`, or the older `{type: 'card', card}`. */
  async createPaymentMethod({ elements, card, params = {}, billing_details: older } = {}) {
    const form = elements ? elements.form() : card;
    const error = form.check();
    if (error) return { error };
    const name = (params.billing_details ?? older)?.name;
    return this.#make('paymentMethod', 'v1/payment_methods', form, { type: 'card', 'billing_details[name]': name });
  }

  async createToken(card, { name } = {}) {
    const error = card.check();
    return error ? { error } : this.#make('token', 'v1/tokens', card, { 'card[name]': name });
  }

  async retrievePaymentIntent(clientSecret) {
    const query = new URLSearchParams({ client_secret: clientSecret });
    const path = `v1/payment_intents/${encodeURIComponent(idOf(clientSecret))}?${query}`;
    return named('paymentIntent', await ask('GET', path, this.#key));
  }

  /** Has the buyer answer the bank, if it asks; tells what became of the payment. */
  async handleNextAction({ clientSecret }) {
    const found = await this.retrievePaymentIntent(clientSecret);
    if (found.error) return found;
    if (found.paymentIntent.status !== 'requires_action') return outcome(found.paymentIntent);
    const succeed = await askBuyer(found.paymentIntent);
    const path = `sim/payment_intents/${encodeURIComponent(found.paymentIntent.id)}/authenticate`;
    const answer = await ask('POST', path, null, JSON.stringify({ succeed }));
    return answer.error ? { error: answer.error } : outcome(answer);
  }

  async #make(name, path, form, parameters) {
    const body = encode({ ...parameters, ...form.parameters() });
    return named(name, await ask('POST', path, this.#key, body));
  }
}

function outcome(paymentIntent) {
  const error = paymentIntent.last_payment_error;
  const failed = error && paymentIntent.status === 'requires_payment_method';
  return failed ? { error: { ...error, payment_intent: paymentIntent } } : { paymentIntent };
}

// Callable with and without `new`, as Stripe's is.
window.Stripe = function (key) {
  return new Stripe(key);
};
window.Stripe.version = 'stripe-sim';
