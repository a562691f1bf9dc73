// The bank's question, as a dialog of the page: a real bank would show a page of its own.

/** Stripe has no decimals for these, or three (https://docs.stripe.com/currencies). */
const ZERO_DECIMALS = 'bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf'.split(' ');
const THREE_DECIMALS = 'bhd jod kwd omr tnd'.split(' ');

function amountOf({ amount, currency }) {
  const decimals = ZERO_DECIMALS.includes(currency) ? 0 : THREE_DECIMALS.includes(currency) ? 3 : 2;
  const style = { style: 'currency', currency, minimumFractionDigits: decimals };
  return new Intl.NumberFormat(undefined, style).format(amount / 10 ** decimals);
}

/** Asks the buyer whether the payment is theirs. Closing it is a no. */
function askBuyer(intent) {
  loadStyle();
  const title = element('h2', { id: `stripe-sim-ask-${(forms += 1)}` }, 'Confirm this payment');
  const approve = element('button', { type: 'button', className: 'stripe-sim-approve' }, 'Approve');
  const decline = element('button', { type: 'button' }, 'Decline');
  const dialog = element(
    'dialog',
    { className: `stripe-sim stripe-sim-dialog${schemeClass()}` },
    title,
    element('p', {}, `Your bank wants to know whether you are paying ${amountOf(intent)}.`),
    element('p', { className: 'stripe-sim-note' }, 'Test payments: this stands in for your bank. No card is charged.'),
    element('div', { className: 'stripe-sim-buttons' }, approve, decline),
  );
  dialog.setAttribute('aria-labelledby', title.id);
  document.body.append(dialog);
  const before = document.activeElement;
  return new Promise((answer) => {
    approve.addEventListener('click', () => dialog.close('approve'));
    decline.addEventListener('click', () => dialog.close('decline'));
    dialog.addEventListener('close', () => {
      dialog.remove();
      before?.focus?.();
      answer(dialog.returnValue === 'approve');
    });
    dialog.showModal();
    approve.focus();
  });
}

