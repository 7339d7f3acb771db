// The hall screen, live. The page arrives with the board written into it; from then on every change is written over it.

import { announcer, spelled } from "./announcer.js";
import { bulletin } from "./bulletin.js";
import { callList, news, place } from "./calls.js";
import * as clock from "./clock.js";
import { follow } from "./feed.js";
import { night } from "./night.js";
import { queueList } from "./queues.js";
import { mark, say } from "./rows.js";
import { standings } from "./standing.js";

const TICK_MS = 250;
const DAY_MS = 30_000;

const screen = document.querySelector(".screen");
const template = (name) => document.getElementById(`${name}-row`);
const parts = Object.fromEntries([...screen.querySelectorAll("[data-part]")].map((node) => [node.dataset.part, node]));
const { hall, date } = screen.dataset;

let board = null;
let asOf = screen.dataset.asOf;
let oldByItsOwnWord = screen.hasAttribute("data-stale");
let isStale = oldByItsOwnWord;
clock.set(Date.parse(screen.dataset.now));

const asked = screen.hasAttribute("data-other-day") ? `?date=${date}` : "";
const heard = news(Number(screen.dataset.position)); // calls up to here were called before this page came
const beside = bulletin(`/api/v1/halls/${hall}/bulletin${asked}`, parts.bar);
const drawCalls = callList(parts, template("call"), heard);
const drawQueues = queueList(parts, template("queue"), beside.wait);
const drawStanding = standings(parts, screen.dataset);
const voice = announcer({
  times: ({ recalled }) => Number(recalled ? screen.dataset.speakRecalls : screen.dataset.speakCalls),
  sentence: (call) => `请${spelled(call.ticket)}号，到${place(call)}`,
  inHand: ({ window, ticket }) => board.windows.some((one) => one.window === window && one.ticket === ticket),
  now: clock.now,
  changed(state) {
    parts.unlock.hidden = state !== "locked";
    for (const word of parts.voice.children) word.hidden = word.dataset.state !== state;
  },
});
if (screen.hasAttribute("data-speaks")) voice.begin();

const tick = follow(`/api/v1/halls/${hall}/board/events${asked}`, {
  board(document) {
    board = document;
    learn(document);
    const fresh = heard.since(board.calls);
    if (fresh.length) say(parts.spoken, fresh.map((call) => `请${call.ticket}到${place(call)}`).join("；"));
    voice.announce(fresh);
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

function drawTime(silent) {
  const now = clock.now();
  const today = clock.longDate(now);
  say(parts.clock, clock.clockTime(now));
  say(parts["date-zh"], today.zh);
  say(parts["date-en"], today.en);
  say(parts["as-of"], asOf ? clock.clockTime(Date.parse(asOf)) : "--:--:--");
  isStale = silent || oldByItsOwnWord;
  mark(screen, "stale", isStale);
}

function draw(now = performance.now()) {
  if (board === null) return;
  drawCalls(board, now, isStale);
  drawStanding(board, clock.now());
  drawQueues(board, now);
}

/** A new day is a new page: with the hall as it is configured now and with the program as it is now. */
async function beginTheDay() {
  screen.dataset.date = board.date;
  await new Promise((done) => setTimeout(done, Math.random() * DAY_MS));
  const answer = await fetch(location.href, { cache: "no-store" }).catch(() => null);
  if (answer?.ok) location.reload();
}

// One clock for everything that moves: nothing else repeats, so nothing piles up.
setInterval(() => {
  const now = performance.now();
  drawTime(tick(now));
  night(clock.now());
  beside.tick(now, board);
  draw(now);
}, TICK_MS);
