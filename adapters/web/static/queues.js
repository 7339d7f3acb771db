// The lines as a screen shows them: how many wait in each, how long it will probably take, who serves it.

import { fill, say } from "./rows.js";

const PAGE_MS = 8000;
const MINUTE_S = 60;
const SHORT = 5; // minutes; a range below is no range
const LONG = 90; // nobody plans by more

/**
 * Draws the queues of a board: as many as fit; if they do not all fit, in closer rows, a page at a time.
 *
 * @param parts `queues` (the list) and `queue-page` (which page it is)
 * @param wait of a queue's name: `{p50, p90}` in seconds, or nothing where nothing is known
 */
export function queueList(parts, template, wait) {
  const list = parts.queues;
  const fitting = (dense) => {
    list.classList.toggle("dense", dense);
    const row = list.firstElementChild?.getBoundingClientRect().height || list.clientHeight;
    return Math.max(1, Math.floor((list.clientHeight + 1) / row));
  };
  return (board, now) => {
    const queues = [...board.queues].sort((one, other) => inUse(other) - inUse(one));
    let fit = fitting(false);
    if (queues.length > fit) fit = fitting(true);
    const pages = Math.max(1, Math.ceil(queues.length / fit));
    const page = Math.floor(now / PAGE_MS) % pages;
    fill(list, template, queues.slice(page * fit, (page + 1) * fit), (row, queue) => write(row, queue, wait(queue.queue)));
    say(parts["queue-page"], pages > 1 ? `${page + 1} / ${pages}` : "");
  };
}

/** Those that nobody serves and nobody waits for come last. */
const inUse = ({ waiting, windows_open }) => waiting > 0 || windows_open > 0;

function write(row, queue, wait) {
  const served = queue.windows_open > 0;
  say(row.querySelector(".prefix"), queue.prefix);
  say(row.querySelector(".name .zh"), queue.name.zh);
  say(row.querySelector(".name .en"), queue.name.en === queue.name.zh ? "" : queue.name.en);
  say(row.querySelector(".waiting"), String(queue.waiting));
  say(row.querySelector(".range"), served && wait ? range(wait) : "–");
  say(row.querySelector(".windows"), String(queue.windows_open));
}

/** Minutes in words that promise no more than is known: half wait no longer than the first, nine in ten than the second. */
export function range({ p50, p90 }) {
  const most = Math.ceil(p90 / MINUTE_S);
  if (most <= SHORT) return `≤${SHORT}`;
  const least = Math.floor(p50 / MINUTE_S);
  if (most > LONG) return least >= LONG ? `>${LONG}` : `>${Math.max(SHORT, least)}`;
  return least === most ? `${most}` : `${least}–${most}`;
}
