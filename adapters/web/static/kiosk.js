// Brings a kiosk's page to life: keypad, scanner, printer, the lines as they move, and the way home when nobody is there.

import * as clock from "./clock.js";
import { follow } from "./feed.js";
import { say } from "./rows.js";

const TICK_MS = 250;
const WARN_S = 10; // how long before the end it is asked whether anybody is still there

const kiosk = document.querySelector(".kiosk");
const part = (name) => kiosk.querySelector(`[data-part="${name}"]`);
const [time, still, left, stay, print, alarm] = ["clock", "still", "left", "stay", "print", "alarm"].map(part);

// --- keypad and scanner -----------------------------------------------------------------------------------------

for (const keypad of kiosk.querySelectorAll("[data-keypad]")) {
  const field = document.getElementById(keypad.dataset.keypad);
  keypad.hidden = false;
  keypad.addEventListener("click", ({ target }) => {
    const key = target.closest("[data-key]")?.dataset.key;
    if (key === undefined) return;
    if (key === "clear") field.value = "";
    else if (key === "back") field.value = field.value.slice(0, -1);
    else if (field.maxLength < 0 || field.value.length < field.maxLength) field.value += key;
  });
}

// A scanner types: wherever the focus is, what it types goes into the field that waits for it.
const scan = kiosk.querySelector("[data-scan]");
if (scan) {
  addEventListener("keydown", ({ key, target }) => {
    if (key.length === 1 && !target.closest("input, button, summary, a")) scan.focus();
  });
}

// --- printer ----------------------------------------------------------------------------------------------------

if (kiosk.hasAttribute("data-print")) {
  print.hidden = false;
  print.addEventListener("click", () => globalThis.print());
  addEventListener("load", () => globalThis.print());
}

// A form is sent once. Its buttons are put to sleep only after the browser has read which of them was pressed.
for (const form of document.forms) {
  form.addEventListener("submit", () => {
    setTimeout(() => {
      for (const button of form.querySelectorAll("button")) button.disabled = true;
    });
  });
}
addEventListener("pageshow", ({ persisted }) => persisted && location.reload());

// --- the lines, on the first page -------------------------------------------------------------------------------

const ASKED_MS = 1000; // a board that moves all the time does not ask more often
const AGAIN_MS = 20_000; // hours begin and end without a board that moves
const { hall, given, home } = kiosk.dataset;
let tick = () => false;
let askedAt = performance.now();
let stirred = false;
if (hall) {
  const heard = follow(`/api/v1/halls/${hall}/board/events`, {
    board({ queues }) {
      for (const { queue, waiting } of queues) {
        const count = kiosk.querySelector(`[data-queue="${queue}"] [data-part="waiting"]`);
        if (count) say(count, String(waiting));
      }
      stirred = true;
    },
    beat: ({ now }) => clock.set(Date.parse(now)),
  });
  tick = (now) => {
    if (now - askedAt > (stirred ? ASKED_MS : AGAIN_MS)) {
      askedAt = now;
      stirred = false;
      askWhatIsGiven();
    }
    return heard(now);
  };
}

/** Shows the first page anew when another queue gives numbers, or one gives none any more. */
async function askWhatIsGiven() {
  const answer = await fetch(`/api/v1/halls/${hall}/bulletin`).catch(() => null);
  if (!answer?.ok) return;
  const { tickets } = await answer.json();
  const now = tickets.filter(({ why_not: why }) => why === null).map(({ queue }) => queue);
  if (now.join(" ") !== given) begin();
}

/** Go to the first page, unless it cannot be had: then this one stays, for there would be nothing in its place. */
async function begin() {
  const answer = await fetch(home, { cache: "no-store" }).catch(() => null);
  if (answer?.ok) location.replace(home);
}

// --- time -------------------------------------------------------------------------------------------------------

const idle = Number(kiosk.dataset.idle);
let touchedAt = performance.now();
let leaving = false;
for (const gesture of ["pointerdown", "keydown", "input"]) {
  addEventListener(gesture, () => {
    touchedAt = performance.now();
  });
}
stay.addEventListener("click", () => {
  still.hidden = true;
});

clock.set(Date.parse(kiosk.dataset.now));
setInterval(() => {
  const now = performance.now();
  say(time, clock.clockTime(clock.now()).slice(0, 5));
  const silent = tick(now);
  if (alarm) alarm.hidden = !silent;
  if (!idle || leaving) return;
  const rest = Math.ceil(idle - (now - touchedAt) / 1000);
  const asked = !still.hidden;
  still.hidden = rest > WARN_S;
  if (!still.hidden && !asked) stay.focus();
  say(left, String(Math.max(0, rest)));
  if (rest <= 0) {
    leaving = true;
    begin().finally(() => {
      leaving = false;
      touchedAt = performance.now();
    });
  }
}, TICK_MS);
