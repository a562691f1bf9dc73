// Requests to the simulator: to where this script came from, and nowhere else.

const SCRIPT = document.currentScript?.src ?? document.baseURI;

/** Asks the simulator. Returns the answer, or `{error}` in Stripe's form; never throws. */
async function ask(method, path, key, body) {
  const headers = key ? { Authorization: `Bearer ${key}` } : {};
  if (typeof body === 'string') headers['Content-Type'] = 'application/json';
  try {
    const answer = await fetch(new URL(`../${path}`, SCRIPT), { method, headers, body });
    return await answer.json();
  } catch {
    const message = 'We could not reach the payment service. Check your connection and try again.';
    return { error: { type: 'api_connection_error', message } };
  }
}

/** The answer under its name, or the error. */
function named(name, answer) {
  return answer.error ? { error: answer.error } : { [name]: answer };
}

/** Form-encoded, with brackets: `card[number]`. What is missing is left out. */
function encode(parameters) {
  const encoded = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== null && value !== '') encoded.set(name, value);
  }
  return encoded;
}

/** The id of the payment whose client secret it is: `pi_1_secret_2` → `pi_1`. */
function idOf(clientSecret) {
  return String(clientSecret).split('_secret_')[0];
}

