// What a card's fields may hold, and how it is written.

/** Shown to whoever does not know them by heart; all of them are in docs/OPERATIONS.md. */
const TEST_CARDS = [
  ['4242424242424242', 'is charged'],
  ['4000000000000002', 'is declined'],
  ['4000000000009995', 'has insufficient funds'],
  ['4000000000003220', 'asks you to confirm (3-D Secure)'],
];

const digitsOf = (text) => text.replace(/\D/g, '');

/** In groups of four; American Express in 4, 6 and 5. */
function groupNumber(text) {
  const digits = digitsOf(text).slice(0, 19);
  const groups = /^3[47]/.test(digits)
    ? [digits.slice(0, 4), digits.slice(4, 10), digits.slice(10)]
    : (digits.match(/.{1,4}/g) ?? []);
  return groups.filter(Boolean).join(' ');
}

/** `MM / YY`; a month that needs no second digit gets its 0. */
function groupExpiry(text) {
  let digits = digitsOf(text);
  if (/^[2-9]/.test(digits)) digits = `0${digits}`;
  digits = digits.slice(0, 4);
  return digits.length > 2 ? `${digits.slice(0, 2)} / ${digits.slice(2)}` : digits;
}

/** Whether the last digit fits the others (Luhn). */
function isNumber(text) {
  const digits = digitsOf(text);
  let sum = 0;
  [...digits].reverse().forEach((digit, place) => {
    const value = Number(digit) * (place % 2 ? 2 : 1);
    sum += value > 9 ? value - 9 : value;
  });
  return digits.length >= 12 && sum % 10 === 0;
}

/** The month and the year that were typed in, or nothing. */
function expiryOf(text) {
  const digits = digitsOf(text);
  if (digits.length !== 4) return null;
  return { month: Number(digits.slice(0, 2)), year: 2000 + Number(digits.slice(2)) };
}

/** What is wrong with a field, in words for the buyer; nothing when it is fine. */
const CHECKS = {
  number(text) {
    if (!digitsOf(text)) return 'Enter your card number.';
    return isNumber(text) ? '' : 'Your card number is invalid.';
  },
  expiry(text) {
    const expiry = expiryOf(text);
    if (!expiry || expiry.month < 1 || expiry.month > 12) {
      return 'Enter the month and the year until which your card is valid.';
    }
    const next = new Date(expiry.year, expiry.month, 1);
    return next > new Date() ? '' : 'Your card has expired.';
  },
  cvc(text) {
    return /^\d{3,4}$/.test(text) ? '' : 'Enter the security code of your card.';
  },
};

const FIELDS = [
  { name: 'number', label: 'Card number', autocomplete: 'cc-number', placeholder: '4242 4242 4242 4242', group: groupNumber },
  { name: 'expiry', label: 'Expiry (MM / YY)', autocomplete: 'cc-exp', placeholder: '12 / 34', group: groupExpiry },
  { name: 'cvc', label: 'Security code', autocomplete: 'cc-csc', placeholder: '123', group: (text) => digitsOf(text).slice(0, 4) },
];

