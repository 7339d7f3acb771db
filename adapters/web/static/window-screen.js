// The screen of one window, live: the number that is called to it, or why nobody is.

import { news } from "./calls.js";
import * as clock from "./clock.js";
import { follow } from "./feed.js";
import { night } from "./night.js";
import { mark, say } from "./rows.js";

const TICK_MS = 250;
const DAY_MS = 30_000;

const screen = document.querySelector(".window-screen");
const part = (name) => screen.querySelector(`[data-part="${name}"]`);
const [ticket, again, zh, en, spoken, time] = ["ticket", "again", "pause-zh", "pause-en", "spoken", "clock"].map(part);
const { hall, window: mine, date } = screen.dataset;

let oldByItsOwnWord = screen.hasAttribute("data-stale");
let call = null; // the newest to this window
clock.set(Date.parse(screen.dataset.now));

const asked = screen.hasAttribute("data-other-day") ? `?date=${date}` : "";
const heard = news(Number(screen.dataset.position));
const tick = follow(`/api/v1/halls/${hall}/board/events${asked}`, {
  board(board) {
    learn(board);
    const desk = board.windows.find(({ window }) => window === mine);
    const fresh = heard.since(board.calls).filter(({ window }) => window === mine);
    call = board.calls.find(({ window, ticket: number }) => window === mine && number === desk?.ticket) ?? null;
    if (fresh.length) say(spoken, `请${fresh.at(-1).ticket}到本窗口`);
    write(desk, board.state);
    if (board.date !== screen.dataset.date) beginTheDay(board.date);
  },
  beat: learn,
});

function learn({ stale, now }) {
  oldByItsOwnWord = stale;
  if (now) clock.set(Date.parse(now));
}

function write(desk, day) {
  const state = day === "closed" || !desk ? "closed" : desk.ticket ? "called" : desk.state;
  screen.dataset.state = state;
  for (const words of screen.querySelectorAll("[data-when]")) words.hidden = words.dataset.when !== state;
  say(ticket, desk?.ticket ?? "");
  mark(ticket, "wide", ticket.textContent.length > 4);
  again.hidden = !call?.recalled;
  say(zh, desk?.pause?.name.zh ?? "");
  say(en, desk?.pause?.name.en ?? "");
}

/** A new day is a new page: with the window as it is configured now. */
async function beginTheDay(day) {
  screen.dataset.date = day;
  await new Promise((done) => setTimeout(done, Math.random() * DAY_MS));
  const answer = await fetch(location.href, { cache: "no-store" }).catch(() => null);
  if (answer?.ok) location.reload();
}

setInterval(() => {
  const now = performance.now();
  const stale = tick(now) || oldByItsOwnWord;
  mark(screen, "stale", stale);
  if (call && !stale) heard.see([call], now);
  mark(screen, "fresh", call !== null && !stale && heard.isFresh(call, now));
  say(time, clock.clockTime(clock.now()).slice(0, 5));
  night(clock.now());
}, TICK_MS);
