// What the server tells while a page is open: one stream of events for the whole page, however often it has to be
// opened anew. htmx's extension listens to it as to any EventSource; what is older than what is shown is ignored.

(() => {
  'use strict';

  /** In the background a page gives its connection back after so long: browsers have few for each site. */
  const HIDDEN = 60_000;

  /** When the server refuses. A broken connection the browser repairs by itself. */
  const AGAIN = { first: 1_000, most: 30_000 };

  /**
   * An EventSource that comes back to where it was, whatever closed it. To whoever listens it never fails, so that
   * nobody else opens another.
   */
  class Stream extends EventTarget {
    #url;
    #source;
    #names = new Set();
    #place;
    #wait = AGAIN.first;
    #timer;
    #over = false;
    #leaving = false;

    constructor(url) {
      super();
      this.#url = new URL(url, document.baseURI);
      // So that it is known where to come back to.
      this.addEventListener('place', () => {});
      this.addEventListener('offers', ({ data }) => showFresh(JSON.parse(data)));
      this.addEventListener('signed-out', () => this.#signedOut());
      document.addEventListener('submit', (event) => {
        this.#leaving = !event.defaultPrevented;
      });
      document.addEventListener('visibilitychange', () => this.#seen());
      window.addEventListener('pagehide', () => this.#pause());
      window.addEventListener('pageshow', () => {
        this.#leaving = false;
        this.#seen();
      });
      this.#open();
    }

    get readyState() {
      return this.#over ? EventSource.CLOSED : (this.#source?.readyState ?? EventSource.CONNECTING);
    }

    addEventListener(name, ...rest) {
      super.addEventListener(name, ...rest);
      if (!this.#names.has(name)) {
        this.#names.add(name);
        if (this.#source) this.#forward(name);
      }
    }

    /** For good. */
    close() {
      this.#over = true;
      this.#pause();
    }

    #open() {
      clearTimeout(this.#timer);
      if (this.#over || this.#source) return;
      if (this.#place) this.#url.searchParams.set('since', this.#place);
      this.#source = new EventSource(this.#url);
      for (const name of this.#names) this.#forward(name);
      this.#source.addEventListener('open', () => {
        this.#wait = AGAIN.first;
        // Whoever waits for that: what they say is theirs.
        this.onopen?.(new Event('open'));
      });
      this.#source.addEventListener('error', ({ target }) => {
        if (target.readyState === EventSource.CLOSED && target === this.#source) this.#later();
      });
    }

    #pause() {
      clearTimeout(this.#timer);
      this.#source?.close();
      this.#source = undefined;
    }

    #later() {
      this.#pause();
      this.#timer = setTimeout(() => this.#open(), this.#wait * (0.5 + Math.random()));
      this.#wait = Math.min(this.#wait * 2, AGAIN.most);
    }

    #seen() {
      clearTimeout(this.#timer);
      if (document.hidden) this.#timer = setTimeout(() => this.#pause(), HIDDEN);
      else this.#open();
    }

    #forward(name) {
      this.#source.addEventListener(name, (event) => {
        this.#place = event.lastEventId || this.#place;
        const { data, lastEventId } = event;
        if (name === 'orders' || name.startsWith('order-')) paid(JSON.parse(data));
        this.dispatchEvent(new MessageEvent(name, { data, lastEventId }));
      });
    }

    /** The page is shown as somebody's who is nobody now. What was begun to be written is not thrown away. */
    #signedOut() {
      this.close();
      // To load it anew would take back what was sent: the sign-out itself, say.
      if (this.#leaving) return;
      const begun = [...document.querySelectorAll('input, textarea')];
      if (!begun.some((field) => field.value !== field.defaultValue)) location.reload();
    }
  }

  // ── Older than what is shown ──────────────────────────────────────────────────────────────────

  /** The newest of each stock that an event has brought, by the id of its place. */
  const newest = new Map();

  const version = (html) => Number(/data-version="(\d+)"/.exec(html)?.[1] ?? Number.NaN);

  document.addEventListener('htmx:sseBeforeMessage', (event) => {
    const place = event.target;
    const came = version(event.detail.data);
    if (Number.isNaN(came)) return;
    if (came <= version(place.innerHTML)) {
      event.preventDefault();
    } else {
      newest.set(place.id, event.detail.data);
    }
  });

  /** A part that was fetched may know less than what an event has told: its service hears of it later. */
  function keepNewest(root) {
    for (const place of root.querySelectorAll('[sse-swap][id]')) {
      const known = newest.get(place.id);
      if (known && version(known) > version(place.innerHTML)) place.innerHTML = known;
    }
  }

  document.addEventListener('htmx:afterSwap', (event) => keepNewest(event.target));

  // ── A payment that is older than what was told of it ──────────────────────────────────────────

  /** orders hears of a payment when a page does, and a part that is fetched at once may show what was before. */
  const BEHIND = [1_000, 2_000, 4_000, 8_000];

  /** The newest version that an event has told, by the order's id. */
  const payments = new Map();
  let later;

  function paid({ id, payment }) {
    if (!(payment > (payments.get(id) ?? 0))) return;
    payments.set(id, payment);
    catchUp(0);
  }

  /** Fetches what shows an older payment once more, and again if need be. */
  function catchUp(tried) {
    clearTimeout(later);
    if (tried === BEHIND.length) return;
    later = setTimeout(() => {
      const shown = [...document.querySelectorAll('[data-payment]')];
      const old = shown.filter(({ dataset }) => payments.get(dataset.order) > Number(dataset.payment));
      if (old.length === 0) return;
      for (const part of new Set(old.map((place) => place.closest('[hx-get]')))) {
        if (part) htmx.trigger(part, 'refresh');
      }
      catchUp(tried + 1);
    }, BEHIND[tried]);
  }

  // ── Something new is on sale ──────────────────────────────────────────────────────────────────

  const isListed = (id) => document.getElementById(`stock-${id}`) !== null;

  /** The page was told from before its time on: of what was new then, it lists some already. */
  function showFresh({ ids }) {
    // An instance of the version before does not say which.
    if (ids?.every(isListed)) return;
    for (const link of document.querySelectorAll('[data-fresh]')) {
      if (!link.hidden) continue;
      link.hidden = false;
      window.ticketing?.announce(link.textContent);
    }
  }

  // ── To work ───────────────────────────────────────────────────────────────────────────────────

  // The only one: what htmx's extension would make by itself does not know where to come back to.
  htmx.createEventSource = (url) => new Stream(url);
})();
