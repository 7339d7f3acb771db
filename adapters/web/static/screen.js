// The hall screen, live. The page arrives with the board written into it; from then on every change is written over it.

import * as clock from "./clock.js";
import { follow } from "./feed.js";
import { fill, mark, say } from "./rows.js";

const TICK_MS = 250;
const FRESH_MS = 8000; // how long a new call draws the eye, from the moment it can be seen
const CALL_PAGE_MS = 4000;
const QUEUE_PAGE_MS = 8000;
const CALLS_BELOW = 5; // rows under the newest call
const CALLS_TURNED = 40; // the most that pages are turned for: nobody reads more in half a minute

const screen = document.querySelector(".screen");
const part = (name) => screen.querySelector(`[data-part="${name}"]`);
const template = (name) => document.getElementById(`${name}-row`);
const parts = Object.fromEntries(
  ["calls", "spoken", "quiet", "clock", "date-zh", "date-en", "queues", "queue-page", "as-of"].map((name) => [
    name,
    part(name),
  ]),
);

let board = null;
let asOf = screen.dataset.asOf;
let oldByItsOwnWord = screen.hasAttribute("data-stale");
let isStale = oldByItsOwnWord;
clock.set(Date.parse(screen.dataset.now));

const arrivedAt = Number(screen.dataset.position); // calls up to here were called before this page came
let spoken = arrivedAt;
let page = 0; // of the calls below the newest
let turnAt = 0;
const seenAt = new Map(); // position of a new call -> when it could first be seen; only calls the board still holds

const asked = screen.hasAttribute("data-other-day") ? `?date=${screen.dataset.date}` : "";
const tick = follow(`/api/v1/halls/${screen.dataset.hall}/board/events${asked}`, {
  board(document) {
    board = document;
    learn(document);
    speak();
    draw();
    if (document.date !== screen.dataset.date) beginTheDay();
  },
  beat: learn,
});

function learn({ as_of, stale, now }) {
  asOf = as_of;
  oldByItsOwnWord = stale;
  if (now) clock.set(Date.parse(now));
}

// --- calls ----------------------------------------------------------------------------------------------------

/** The calls to show, newest first: of several of one ticket the last. */
function latest(calls) {
  const tickets = new Set();
  return calls.filter(({ ticket }) => !tickets.has(ticket) && tickets.add(ticket));
}

const isUnseen = ({ position }) => position > arrivedAt && !seenAt.has(position);
const isFresh = ({ position }, now) => position > arrivedAt && now - seenAt.get(position) < FRESH_MS;

/**
 * Draw the newest call and a page of those below it. That page is the first, except while a new call stands on another
 * and has not been seen: after a burst, or after the line was cut, pages turn until each has had its time.
 */
function drawCalls(now) {
  const [newest, ...below] = latest(board.calls).slice(0, 1 + CALLS_TURNED);
  if (now >= turnAt) {
    turnAt = now + CALL_PAGE_MS;
    page = Math.max(0, Math.floor(below.findIndex(isUnseen) / CALLS_BELOW));
  }
  const quiet = newest === undefined || board.state === "closed";
  const shown = quiet ? [] : [newest, ...below.slice(page * CALLS_BELOW, (page + 1) * CALLS_BELOW)];
  // Under the alarm nothing draws the eye; a call that came with it does so when the alarm is gone.
  if (!isStale) for (const call of shown.filter(isUnseen)) seenAt.set(call.position, now);
  fill(parts.calls, template("call"), shown, (row, call) => writeCall(row, call, !isStale && isFresh(call, now)));
  parts.calls.hidden = quiet;
  parts.quiet.hidden = !quiet;
  for (const word of parts.quiet.children) word.hidden = word.dataset.state !== board.state;
}

function writeCall(row, call, fresh) {
  const number = windowNumber(call.window);
  const { zh, en } = call.window_name;
  say(row.querySelector(".ticket"), call.ticket);
  for (const node of row.querySelectorAll(".number")) say(node, number);
  say(row.querySelector(".zh"), zh);
  say(row.querySelector(".en"), en === zh ? "" : en);
  row.querySelector(".again").hidden = !call.recalled;
  mark(row, "unnumbered", number === "");
  mark(row, "long", zh.length > 8);
  mark(row, "wide", call.ticket.length > 4);
  mark(row, "wider", call.ticket.length > 5);
  mark(row, "fresh", fresh);
}

/** `3` of `w03`; nothing of a name that does not end in a number. */
const windowNumber = (window) => /^\D*0*(\d{1,3})$/.exec(window)?.[1] ?? "";

/** Tell those who listen, in the order of the calls, what was called since the last time. */
function speak() {
  const told = board.calls.filter(({ position }) => position > spoken).reverse();
  if (told.length === 0) return;
  spoken = told.at(-1).position;
  for (const position of seenAt.keys()) if (!board.calls.some((call) => call.position === position)) seenAt.delete(position);
  const place = ({ window, window_name }) => (windowNumber(window) ? `${windowNumber(window)}号窗口` : window_name.zh);
  say(parts.spoken, told.map((call) => `请${call.ticket}到${place(call)}`).join("；"));
}

// --- queues ---------------------------------------------------------------------------------------------------

/** Draw as many queues as fit; if they do not all fit, in closer rows, a page at a time. */
function drawQueues(now) {
  const list = parts.queues;
  const queues = [...board.queues].sort((one, other) => inUse(other) - inUse(one));
  const fitting = (dense) => {
    list.classList.toggle("dense", dense);
    const row = list.firstElementChild?.getBoundingClientRect().height || list.clientHeight;
    return Math.max(1, Math.floor((list.clientHeight + 1) / row));
  };
  let fit = fitting(false);
  if (queues.length > fit) fit = fitting(true);
  const pages = Math.max(1, Math.ceil(queues.length / fit));
  const page = Math.floor(now / QUEUE_PAGE_MS) % pages;
  fill(list, template("queue"), queues.slice(page * fit, (page + 1) * fit), writeQueue);
  say(parts["queue-page"], pages > 1 ? `${page + 1} / ${pages}` : "");
}

/** Those that nobody serves and nobody waits for come last. */
const inUse = ({ waiting, windows_open }) => waiting > 0 || windows_open > 0;

function writeQueue(row, queue) {
  say(row.querySelector(".prefix"), queue.prefix);
  say(row.querySelector(".zh"), queue.name.zh);
  say(row.querySelector(".en"), queue.name.en === queue.name.zh ? "" : queue.name.en);
  say(row.querySelector(".waiting"), String(queue.waiting));
  say(row.querySelector(".windows"), String(queue.windows_open));
}

// --- time -----------------------------------------------------------------------------------------------------

function drawTime(silent) {
  const now = clock.now();
  const date = clock.longDate(now);
  say(parts.clock, clock.clockTime(now));
  say(parts["date-zh"], date.zh);
  say(parts["date-en"], date.en);
  say(parts["as-of"], asOf ? clock.clockTime(Date.parse(asOf)) : "--:--:--");
  isStale = silent || oldByItsOwnWord;
  mark(screen, "stale", isStale);
}

function draw(now = performance.now()) {
  if (board === null) return;
  drawCalls(now);
  drawQueues(now);
}

/** A new day is a new page: with the hall as it is configured now and with the program as it is now. */
async function beginTheDay() {
  screen.dataset.date = board.date;
  await new Promise((done) => setTimeout(done, Math.random() * 30_000));
  const answer = await fetch(location.href, { cache: "no-store" }).catch(() => null);
  if (answer?.ok) location.reload();
}

// One clock for everything that moves: nothing else repeats, so nothing piles up.
setInterval(() => {
  const now = performance.now();
  drawTime(tick(now));
  draw(now);
}, TICK_MS);
