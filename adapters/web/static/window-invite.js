// Whether whoever was just served is invited to rate, and the code they scan. Whether they rated is told, never how.

import { say } from "./rows.js";

const AGAIN_MS = 5000;
const SOON_MS = 1000; // the invitation follows the service a moment later

/**
 * @param {string} base path of the window's commands
 * @param desk `idle()` whether nobody is in hand, `day(iso)` a day in words, `put(text, values)`
 */
export function inviting(base, words, desk) {
  const row = document.querySelector('[data-part="invite"]');
  const told = row.querySelector('[data-part="invited"]');
  const dialog = document.getElementById("invite-dialog");
  const [code, number, state] = ["img", "[data-dialog-ticket]", "[role=status]"].map((one) => dialog.querySelector(one));
  let last = null;
  let timer = null;

  async function look() {
    clearTimeout(timer);
    if (!desk.idle()) return draw(null);
    const answer = await fetch(`${base}/invitation/state`, { signal: AbortSignal.timeout(6000) }).catch(() => null);
    if (answer === null || answer.status >= 500) timer = setTimeout(look, AGAIN_MS);
    else {
      const told = answer.ok ? await answer.json() : null;
      draw(told?.ticket ? told : null);
    }
  }

  function draw(document) {
    last = desk.idle() ? document : null;
    row.hidden = last === null;
    if (last === null) return dialog.close();
    const out = last.until !== null;
    const text = last.state === "rated" ? words.rated : last.state === "over" ? words.over : out ? words.out : words.going;
    say(told, desk.put(text, { ticket: last.ticket, day: out ? desk.day(last.until) : "" }));
    say(state, last.state === "rated" ? words.thanks : "");
    if (last.state === "rated") code.hidden = true;
    desk.drawn();
    if (last.state === "open") timer = setTimeout(look, out ? AGAIN_MS : SOON_MS);
  }

  return {
    look,
    /** Whether there is a code to be shown. */
    open: () => last?.state === "open" && last.until !== null,
    show() {
      code.hidden = false;
      code.src = `${base}/invitation/code?for=${last.ticket}`;
      say(number, last.ticket);
      say(state, "");
      dialog.showModal();
      dialog.querySelector("button").focus();
    },
  };
}
