// Calls as a screen shows them: the newest large, the others below it, each drawing the eye when it is new.

import { fill, mark, say } from "./rows.js";

const FRESH_MS = 8000; // how long a new call draws the eye, from the moment it can be seen
const PAGE_MS = 4000;
const BELOW = 5; // rows under the newest call
const TURNED = 40; // the most that pages are turned for: nobody reads more in half a minute

/** `3` of `w03`; nothing of a name that does not end in a number. */
export const windowNumber = (window) => /^\D*0*(\d{1,3})$/.exec(window)?.[1] ?? "";

/** Where a call asks somebody to, as it is said in Chinese. */
export const place = ({ window, window_name }) =>
  windowNumber(window) ? `${windowNumber(window)}号窗口` : window_name.zh;

/** The calls to show, newest first: of several of one ticket the last. */
function latest(calls) {
  const tickets = new Set();
  return calls.filter(({ ticket }) => !tickets.has(ticket) && tickets.add(ticket));
}

/**
 * What is new on a board: calls behind a position, each once, and for how long each has been in sight.
 * Only calls that the board still holds are remembered.
 */
export function news(arrivedAt) {
  let told = arrivedAt;
  const seenAt = new Map(); // position of a new call -> when it could first be seen
  const unseen = ({ position }) => position > arrivedAt && !seenAt.has(position);
  return {
    /** The calls since the last time, in their order. */
    since(calls) {
      const fresh = calls.filter(({ position }) => position > told).reverse();
      if (fresh.length) {
        told = fresh.at(-1).position;
        const held = new Set(calls.map(({ position }) => position));
        for (const position of seenAt.keys()) if (!held.has(position)) seenAt.delete(position);
      }
      return fresh;
    },
    unseen,
    see(calls, now) {
      for (const call of calls.filter(unseen)) seenAt.set(call.position, now);
    },
    isFresh: ({ position }, now) => position > arrivedAt && now - seenAt.get(position) < FRESH_MS,
  };
}

/**
 * Draws the calls of a board. Below the newest stands the first page, except while a new call stands on another and
 * has not been seen: after a burst, or after the line was cut, pages turn until each has had its time.
 *
 * @param parts `calls` (the list) and `quiet` (what is said instead)
 */
export function callList(parts, template, heard) {
  let page = 0;
  let turnAt = 0;
  return (board, now, isStale) => {
    const [newest, ...below] = latest(board.calls).slice(0, 1 + TURNED);
    if (now >= turnAt) {
      turnAt = now + PAGE_MS;
      page = Math.max(0, Math.floor(below.findIndex(heard.unseen) / BELOW));
    }
    const quiet = newest === undefined || board.state === "closed";
    const shown = quiet ? [] : [newest, ...below.slice(page * BELOW, (page + 1) * BELOW)];
    // Under the alarm nothing draws the eye; a call that came with it does so when the alarm is gone.
    if (!isStale) heard.see(shown, now);
    fill(parts.calls, template, shown, (row, call) => write(row, call, !isStale && heard.isFresh(call, now)));
    parts.calls.hidden = quiet;
    parts.quiet.hidden = !quiet;
  };
}

function write(row, call, fresh) {
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
