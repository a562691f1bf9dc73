// Paying for an order: Stripe's Payment Element asks for the card, /api/payments charges it.
//
// The card goes to Stripe alone. The server confirms; Stripe.js is asked again only when the bank wants to hear
// from the buyer (3-D Secure). What became of it is always read from the order, never guessed here.

(() => {
  'use strict';

  const section = document.getElementById('pay');
  const state = document.getElementById('order-state');
  if (!section || !state) return;

  const form = section.querySelector('form');
  const button = form.querySelector('[type=submit]');
  const alert = document.getElementById('pay-error');
  const { key, amount, currency, order, failed, network } = section.dataset;

  let stripe;
  let elements;
  let confirming = false;
  // The focus was led to what has become of it. The same news may come again, and takes it away with the old.
  let led = false;
  let before = state.querySelector('[data-status]')?.dataset.status;
  // The state as the server drew it last, before anything here has changed it.
  let drawn = news(parsed(state.innerHTML));
  // The payment that waits for the bank.
  let waiting;

  // ── The card form ─────────────────────────────────────────────────────────────────────────────

  function mount() {
    if (!window.Stripe) {
      document.getElementById('payment-element').replaceChildren();
      complain(failed);
      return;
    }
    const dark = matchMedia('(prefers-color-scheme: dark)').matches;
    const look = (element) => getComputedStyle(element);
    const page = look(document.body);
    stripe = window.Stripe(key, { locale: document.documentElement.lang });
    elements = stripe.elements({
      mode: 'payment',
      amount: Number(amount),
      currency,
      paymentMethodCreation: 'manual',
      paymentMethodTypes: ['card'],
      appearance: {
        theme: dark ? 'night' : 'stripe',
        variables: {
          borderRadius: '10px',
          colorBackground: look(section).backgroundColor,
          colorPrimary: look(document.querySelector('.brand svg')).color,
          colorText: page.color,
          fontFamily: page.fontFamily,
          fontSizeBase: '16px',
        },
      },
    });
    const card = elements.create('payment');
    card.mount('#payment-element');
    card.on('ready', () => button.removeAttribute('aria-disabled'));
    card.on('loaderror', () => complain(failed));
  }

  // ── Paying ────────────────────────────────────────────────────────────────────────────────────

  async function pay() {
    const { error: wrong } = await elements.submit();
    // The form itself shows what is wrong with a field.
    if (wrong) return;
    const { error, paymentMethod } = await stripe.createPaymentMethod({ elements });
    if (error) {
      complain(error.message);
      return;
    }
    const answer = await post({ orderId: order, paymentMethodId: paymentMethod.id });
    if (!answer) {
      complain(network);
    } else if (answer.ok) {
      const payment = await answer.json();
      if (payment.status === 'requires-action') await confirm(payment);
    } else if (answer.status === 401) {
      location.assign(`/auth/signin?return_to=${encodeURIComponent(location.pathname)}`);
      return;
    } else {
      complain(await messageOf(answer));
    }
    refresh();
  }

  /** Until it is answered: a repeat under the same key can't pay twice. `null` when nobody answers. */
  async function post(body) {
    const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': newKey() };
    for (const wait of [1_000, 3_000, 0]) {
      try {
        return await fetch('/api/payments', { method: 'POST', headers, body: JSON.stringify(body) });
      } catch {
        await new Promise((done) => setTimeout(done, wait));
      }
    }
    return null;
  }

  function newKey() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  }

  async function messageOf(answer) {
    try {
      const { errors } = await answer.json();
      return errors.map(({ message }) => message).join(' ');
    } catch {
      return network;
    }
  }

  /** Has the buyer answer the bank. Asking for the payment afterwards makes the server look at Stripe. */
  async function confirm({ id, clientSecret }) {
    if (confirming) return;
    confirming = true;
    try {
      const { error } = await stripe.handleNextAction({ clientSecret });
      await fetch(`/api/payments/${id}`);
      if (error?.message) complain(error.message);
    } catch {
      complain(network);
    } finally {
      confirming = false;
      lead();
    }
  }

  // ── What the page shows ───────────────────────────────────────────────────────────────────────

  function complain(message) {
    alert.hidden = false;
    alert.querySelector('p').textContent = message;
  }

  function busy(is) {
    button.ariaBusy = is ? 'true' : null;
    if (is) alert.hidden = true;
  }

  function refresh() {
    window.htmx?.trigger(state, 'refresh');
  }

  /** The card form goes with the order: it is there while the order can be paid. */
  function follow() {
    const shown = state.querySelector('[data-status]');
    if (!shown) return;
    const { status } = shown.dataset;
    // What is wrong is said beside the button already.
    if (!alert.hidden) shown.querySelector('[data-failed]')?.remove();
    if (status !== before || led) lead();
    if (status !== before) window.ticketing?.announce(shown.querySelector('h1').textContent);
    before = status;
    if (status === 'paying') lookForBank(shown);
  }

  /**
   * The style sheet takes the form away, and the bank its question, whose answer may have come by another way.
   * Whoever was there goes on where the outcome is.
   */
  function lead() {
    const shown = state.querySelector('[data-status]');
    const lost = section.contains(document.activeElement) || document.activeElement === document.body;
    if (!lost || !shown || shown.dataset.status === 'created') return;
    shown.querySelector('h1')?.focus({ preventScroll: led });
    led = true;
  }

  /** A payment that waits for the buyer, perhaps since before this page was opened. */
  async function lookForBank(shown) {
    const offer = shown.querySelector('[data-bank]');
    if (!offer || !stripe) return;
    const answer = await fetch(`/api/payments?orderId=${order}`).catch(() => null);
    const [payment] = answer?.ok ? await answer.json() : [];
    if (payment?.status !== 'requires-action' || !offer.isConnected) return;
    waiting = payment;
    offer.hidden = false;
    shown.querySelector('[data-under-way]').hidden = true;
  }

  /** As the browser reads it: then it can be compared. */
  function parsed(html) {
    const fragment = document.createElement('template');
    fragment.innerHTML = html;
    return fragment.content.firstElementChild;
  }

  /** What it says. The payment's version, which it loses here, says nothing. */
  function news(part) {
    delete part?.dataset.payment;
    return part?.outerHTML;
  }

  // What says nothing new is left out: a button that is just being pressed must not be taken from under the finger.
  state.addEventListener('htmx:beforeSwap', ({ target, detail }) => {
    if (target !== state || !detail.shouldSwap) return;
    const part = parsed(detail.serverResponse);
    const version = part?.dataset.payment;
    const came = news(part);
    detail.shouldSwap = came !== drawn;
    drawn = came;
    if (detail.shouldSwap) return;
    state.firstElementChild.dataset.payment = version;
    // It may be another attempt that waits now.
    if (before === 'paying') lookForBank(state);
  });

  state.addEventListener('click', ({ target }) => {
    if (waiting && target.closest('[data-bank] button')) confirm(waiting).then(refresh);
  });

  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (!stripe || button.ariaBusy === 'true' || button.ariaDisabled === 'true') return;
    busy(true);
    try {
      await pay();
    } catch {
      complain(network);
      refresh();
    } finally {
      busy(false);
    }
  });

  state.addEventListener('htmx:afterSettle', () => follow());
  form.hidden = false;
  mount();
  follow();
})();
