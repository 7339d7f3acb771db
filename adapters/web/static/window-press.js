// A press of a clerk: asked under a key of its own until it is answered, so that it is done once, whatever the line does.
//
// One press is under way at a time. While nothing is heard of it, it is asked again with the same key; the server
// answers a press it has done already with its first receipt. It is kept for this tab, so that a page loaded anew goes
// on asking. It holds words of the desk only, nothing about a person.

const ANSWER_MS = 6000;
const FIRST_RETRY_MS = 800;
const RETRY_MS_MAX = 6000;
const TRYING_MS = 60_000; // then the clerk is asked whether to go on
const KEPT = "mingting-press";
const UNSURE = new Set([408, 429, 500, 502, 503, 504]); // not known to be done, and safe to ask again

/**
 * @param {string} base path of the window's commands
 * @param tell what is done when a press is `sending`, `unsure(press, tries)`, `stopped`, `done(press, receipt,
 *   {replayed, late})`, `refused(press, problem)` or `dropped`
 */
export function presses(base, tell) {
  let pending = null;
  let tries = 0;
  let began = 0;
  let timer = null;

  function settle() {
    clearTimeout(timer);
    pending = null;
    sessionStorage.removeItem(KEPT);
  }

  async function ask() {
    const press = pending;
    clearTimeout(timer);
    tries += 1;
    const query = press.ticket ? `?ticket=${encodeURIComponent(press.ticket)}` : "";
    let answer, said;
    try {
      answer = await fetch(`${base}/${press.act}${query}`, {
        method: "POST",
        headers: { "Content-Type": "application/json", "Idempotency-Key": press.key },
        body: JSON.stringify(press.body),
        signal: AbortSignal.timeout(ANSWER_MS),
      });
      said = await answer.json();
    } catch {
      answer = null; // the line is cut, or what came of it was cut off
    }
    if (pending !== press) return; // given up meanwhile
    if (answer === null || UNSURE.has(answer.status)) return again(press);
    settle();
    if (answer.ok) tell.done(press, said, { replayed: answer.headers.has("Idempotent-Replayed"), late: tries > 1 });
    else tell.refused(press, said);
  }

  function again(press) {
    if (performance.now() - began > TRYING_MS) return tell.stopped(press);
    timer = setTimeout(ask, Math.min(FIRST_RETRY_MS * 2 ** (tries - 1), RETRY_MS_MAX));
    tell.unsure(press, tries);
  }

  function begin(press) {
    pending = press;
    [tries, began] = [0, performance.now()];
    tell.sending(press);
    ask();
  }

  window.addEventListener("online", () => timer !== null && pending && ask());
  return {
    get pending() {
      return pending;
    },

    /** Ask for an act; `false` while another is under way. `ticket` is the number it is meant for. */
    press(act, { body = {}, ticket = null } = {}) {
      if (pending) return false;
      const press = { act, body, ticket, base, key: newKey() };
      sessionStorage.setItem(KEPT, JSON.stringify(press));
      begin(press);
      return true;
    },

    /** Go on with what a page that is gone was asking. */
    resume() {
      const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
      if (kept?.base === base) begin(kept);
    },

    retry() {
      if (!pending) return;
      began = performance.now();
      ask();
    },

    drop() {
      const press = pending;
      if (!press) return;
      settle();
      tell.dropped(press);
    },
  };
}

/** Random enough to be nobody else's; `crypto.randomUUID` does not exist where a hall has no TLS. */
function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
