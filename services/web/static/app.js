// What the pages do in the browser. Without it every page works; with it times are the reader's own, clocks run
// and forms say at once what is wrong. Nothing is configured here: the pages carry what is needed.

(() => {
  'use strict';

  const LANGUAGE = document.documentElement.lang || 'en';
  const all = (root, selector) => [
    ...(root.matches?.(selector) ? [root] : []),
    ...root.querySelectorAll(selector),
  ];

  // ── The server's clock ────────────────────────────────────────────────────────────────────────

  // The page says what time it was at the server when it was made; the reader's clock may be wrong.
  const made = Date.parse(document.documentElement.dataset.now ?? '');
  const arrived = performance.getEntriesByType('navigation')[0]?.responseStart ?? 0;
  const ahead = Number.isNaN(made) ? 0 : made - (Date.now() - (performance.now() - arrived));
  const now = () => Date.now() + ahead;

  // ── Times ─────────────────────────────────────────────────────────────────────────────────────

  const moment = new Intl.DateTimeFormat(LANGUAGE, {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: 'numeric',
    minute: '2-digit',
    timeZoneName: 'short',
  });

  /** For what is some minutes away. */
  const timeOfDay = new Intl.DateTimeFormat(LANGUAGE, {
    hour: 'numeric',
    minute: '2-digit',
    timeZoneName: 'short',
  });

  function showTimes(root) {
    for (const time of all(root, 'time[data-local]')) {
      const at = new Date(time.dateTime);
      const written = time.dataset.local === 'time' ? timeOfDay : moment;
      if (!Number.isNaN(at.getTime())) time.textContent = written.format(at);
    }
    for (const label of all(root, 'tspan[data-at]')) {
      label.textContent = labels[label.dataset.unit].format(new Date(label.dataset.at));
    }
    for (const zone of all(root, '[data-zone]')) zone.textContent = zoneName();
    showMinutes(root);
  }

  /** Of a chart's time axis. */
  const labels = {
    time: new Intl.DateTimeFormat(LANGUAGE, { hour: 'numeric', minute: '2-digit' }),
    day: new Intl.DateTimeFormat(LANGUAGE, { day: 'numeric', month: 'short' }),
  };

  function zoneName() {
    const parts = moment.formatToParts(new Date(now()));
    return parts.find(({ type }) => type === 'timeZoneName')?.value ?? 'UTC';
  }

  /** "14 min" until then, as the page writes it. */
  function showMinutes(root) {
    for (const time of all(root, 'time[data-minutes]')) {
      const left = Math.ceil((Date.parse(time.dateTime) - now()) / 60_000);
      const text = left > 0 ? time.dataset.minutes.replace('0', left) : time.dataset.over;
      if (time.textContent !== text) time.textContent = text;
    }
  }

  // ── Telling those who do not see the page ─────────────────────────────────────────────────────

  /** Says it once, when the reader has time for it. */
  function announce(text) {
    const place = document.getElementById('announce');
    if (!place) return;
    place.textContent = '';
    requestAnimationFrame(() => place.replaceChildren(text));
  }

  // ── The time that is left to pay ──────────────────────────────────────────────────────────────

  const MINUTE = 60_000;

  function tick() {
    for (const clock of document.querySelectorAll('[data-clock]')) {
      const left = Math.max(0, Date.parse(clock.dateTime) - now());
      const seconds = Math.ceil(left / 1000);
      clock.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
      clock.classList.toggle('soon', left < 2 * MINUTE);
      const bar = document.getElementById('clock-bar');
      if (bar) bar.value = left / 1000;
      remind(clock, left);
      if (left === 0 && !clock.dataset.over) {
        clock.dataset.over = 'true';
        refresh(clock);
      }
    }
  }

  /** At 5 minutes and at 1: a clock that is read out every second helps nobody. */
  function remind(clock, left) {
    for (const minutes of [5, 1]) {
      const due = left <= minutes * MINUTE && left > (minutes * MINUTE) - 5_000;
      if (due && clock.dataset.reminded !== String(minutes)) {
        clock.dataset.reminded = String(minutes);
        announce(clock.dataset[`say${minutes}`] ?? '');
      }
    }
  }

  /** The part of the page that this is in is fetched anew: soon after, when the server has seen the end too. */
  function refresh(element) {
    const part = element.closest('[hx-get]');
    const again = [300, 2_000, 5_000];
    for (const wait of again) {
      setTimeout(() => {
        if (part && element.isConnected) window.htmx?.trigger(part, 'refresh');
      }, wait);
    }
  }

  // ── How many ──────────────────────────────────────────────────────────────────────────────────

  function countQuantities(root) {
    for (const form of all(root, 'form[data-price]')) {
      const input = form.elements.quantity;
      if (!input || form.dataset.counting) continue;
      form.dataset.counting = 'true';
      for (const button of form.querySelectorAll('[data-step]')) {
        button.hidden = false;
        button.addEventListener('click', () => {
          const wanted = (Number(input.value) || 1) + Number(button.dataset.step);
          input.value = Math.min(Math.max(wanted, 1), Number(input.max) || wanted);
          showSum(form);
        });
      }
      input.addEventListener('input', () => showSum(form));
      // A button that looks off says why when it is pressed: nothing of that needs the server.
      form.addEventListener('submit', (event) => {
        if (form.querySelector('[type=submit][aria-disabled=true]')) event.preventDefault();
      });
      showSum(form);
    }
  }

  function showSum(form) {
    const sum = form.querySelector('[data-sum]');
    const { price, currency, decimals } = form.dataset;
    const count = Number(form.elements.quantity.value);
    if (!sum || !Number.isInteger(count) || count < 1) return;
    const style = { style: 'currency', currency };
    sum.value = new Intl.NumberFormat(LANGUAGE, style).format((Number(price) * count) / 10 ** Number(decimals));
  }

  // ── What is left ──────────────────────────────────────────────────────────────────────────────

  /** The form beside a stock goes with it. Its button keeps the focus, whatever comes. */
  function followStock(root) {
    for (const stock of all(root, '.stock[data-free]')) {
      const offer = stock.closest('.offer');
      const form = offer?.querySelector('form[data-price]');
      if (!form) continue;
      const free = Number(stock.dataset.free);
      const most = Math.max(1, Math.min(free, Number(form.dataset.most) || free));
      const button = form.querySelector('[type=submit]');
      const before = button.getAttribute('aria-disabled');
      const input = form.elements.quantity;
      // While nothing can be had, how many is out of sight: it neither keeps the focus nor is found wrong.
      input.readOnly = free < 1;
      if (free > 0) {
        input.max = most;
        if (Number(input.value) > most) input.value = most;
      } else if (document.activeElement?.closest('.offer .when-free')) {
        button.focus();
      }
      button.setAttribute('aria-disabled', String(free < 1));
      showSum(form);
      if (before !== null && before !== String(free < 1)) announce(stock.innerText);
    }
  }

  // ── Forms that say what is wrong ──────────────────────────────────────────────────────────────

  function checkForms(root) {
    for (const form of all(root, 'form[data-check]')) {
      if (form.noValidate) continue;
      form.noValidate = true;
      const fields = [...form.elements].filter((field) => field.dataset?.wrong);
      for (const field of fields) {
        field.addEventListener('blur', () => field.value && check(field));
        field.addEventListener('input', () => field.ariaInvalid === 'true' && check(field));
      }
      form.addEventListener('submit', (event) => {
        const wrong = fields.filter((field) => !check(field));
        if (wrong.length === 0) return;
        event.preventDefault();
        wrong[0].closest('details')?.setAttribute('open', '');
        wrong[0].focus();
      });
    }
  }

  function check(field) {
    const fine = field.validity.valid;
    field.setAttribute('aria-invalid', String(!fine));
    document.getElementById(`${field.id}-wrong`)?.replaceChildren(fine ? '' : field.dataset.wrong);
    return fine;
  }

  /** A second click must not send a form twice. Back on the page, it can be sent again. */
  function onceOnly(form) {
    let sent = null;
    form.addEventListener('submit', (event) => {
      if (sent) event.preventDefault();
      if (event.defaultPrevented) return;
      sent = event.submitter ?? form;
      sent.ariaBusy = 'true';
    });
    window.addEventListener('pageshow', () => {
      if (sent) sent.ariaBusy = null;
      sent = null;
    });
  }

  // ── Signed out in another tab ─────────────────────────────────────────────────────────────────

  function followSession() {
    const { user } = document.body.dataset;
    // The page could not tell who is signed in: it has nothing to say about that.
    if (user === undefined || !('BroadcastChannel' in window)) return;
    const tabs = new BroadcastChannel('session');
    const before = sessionStorage.getItem('user');
    sessionStorage.setItem('user', user);
    if (before !== null && before !== user) tabs.postMessage(user);
    // What was begun to be written is not thrown away.
    const begun = () => all(document, 'main input').some((field) => field.value !== field.defaultValue);
    tabs.addEventListener('message', ({ data }) => {
      if (data !== user && !begun()) location.reload();
    });
  }

  // ── To work ───────────────────────────────────────────────────────────────────────────────────

  function enhance(root) {
    showTimes(root);
    countQuantities(root);
    checkForms(root);
    followStock(root);
    for (const form of all(root, 'form[method=post]')) {
      if (form.dataset.once) continue;
      form.dataset.once = 'true';
      onceOnly(form);
    }
    for (const button of all(root, '[data-print]')) button.hidden = false;
  }

  document.addEventListener('click', (event) => {
    if (event.target.closest('[data-print]')) window.print();
  });

  // What has been swapped in, by a fetched part or by an event.
  document.addEventListener('htmx:afterSwap', ({ target }) => {
    enhance(target);
    tick();
    for (const stock of all(target, '.stock')) stock.classList.add('changed');
  });

  // The first thing that is wrong with a form that has come back.
  document.querySelector('main [aria-invalid=true]')?.focus();

  enhance(document);
  followSession();
  tick();
  setInterval(tick, 500);
  setInterval(() => showMinutes(document), 10_000);

  window.ticketing = { announce };
})();
