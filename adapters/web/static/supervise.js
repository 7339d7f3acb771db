// The supervisor's pages. Lists: one box picks all, and how many are picked is said. The past: a slider shows how it stood
// while it is moved. A list that is left open is asked for anew. The halls now: drawn anew when something happens in one. Without scripts every box works by itself,
// a moment is typed or chosen by a link, and a page is as of when it was fetched.

import { follow } from "./feed.js";

const LIMIT_MS = 8_000;

async function fetched(url) {
  const answer = await fetch(url, { signal: AbortSignal.timeout(LIMIT_MS) });
  if (!answer.ok) throw new Error(answer.statusText);
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

// --- picking several ---

function picking(form) {
  const all = form.querySelector("[data-all]");
  const boxes = [...form.querySelectorAll("tbody input[type=checkbox]")];
  const said = form.querySelector("[data-count]");
  const untouched = said.textContent;

  function tell() {
    const picked = boxes.filter((box) => box.checked).length;
    said.textContent = picked ? said.dataset.count.replace("{n}", picked) : untouched;
    all.checked = picked === boxes.length;
    all.indeterminate = picked > 0 && picked < boxes.length;
  }

  all.hidden = false;
  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
    tell();
  });
  form.addEventListener("change", (event) => event.target !== all && tell());
  // Enter in a field presses the button beside it, not the first of the form.
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target.type === "checkbox") return;
    const button = event.target.closest(".act")?.querySelector("button");
    if (!button || event.target === button || event.target.tagName === "BUTTON") return;
    event.preventDefault();
    form.requestSubmit(button);
  });
  tell();
}

// --- how it stood then ---

const SETTLED_MS = 350;
const HOUR_MS = 3_600_000;

/** `2026-11-22T17:20`, as a field of moments has it, so many hours later. */
const later = (typed, hours) => new Date(Date.parse(`${typed}Z`) + hours * HOUR_MS).toISOString().slice(0, 16);

let moving = 0;

function sliding(form) {
  const slide = form.querySelector("[data-slide]");
  const range = slide.querySelector("input");
  const field = form.querySelector("input[name=as_of]");
  const spoken = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "long", timeStyle: "short", timeZone: "UTC" });
  let settled;

  function tell() {
    range.setAttribute("aria-valuetext", spoken.format(Date.parse(`${field.value}Z`)));
  }

  async function show() {
    const turn = ++moving;
    const query = new URLSearchParams(new FormData(form));
    const url = `${location.pathname}?${query}`;
    if (range.value === "0") {
      query.delete("as_of");
      location.assign(`${location.pathname}?${query}`); // the whole page: now it may move by itself
      return;
    }
    try {
      const page = await fetched(url);
      if (turn !== moving) return;
      history.replaceState(null, "", url);
      document.querySelector("main").replaceWith(page.querySelector("main"));
      begin();
      const box = document.querySelector(".then-box");
      box.open = true;
      box.querySelector("[data-slide] input").focus();
    } catch {
      if (turn === moving) location.assign(url);
    }
  }

  slide.hidden = false;
  tell();
  range.addEventListener("input", () => {
    field.value = later(form.dataset.now, Number(range.value));
    tell();
    clearTimeout(settled);
    settled = setTimeout(show, SETTLED_MS);
  });
}

function begin() {
  const many = document.querySelector("form.many");
  if (many) picking(many);
  const then = document.querySelector(".then-form");
  if (then) sliding(then);
}

begin();

// --- a list that is left open ---

const RENEW_MS = 60_000;
const OF_WHAT_WAS_DONE = ["done", "n", "after"];

/** Whoever is at something there, has ticked or typed something, is not interrupted. */
function atWork(main) {
  return (
    (main !== document.activeElement && main.contains(document.activeElement)) ||
    main.querySelector("details[open], [name=pick]:checked") !== null ||
    [...main.querySelectorAll(".bulk input")].some((field) => field.value)
  );
}

async function renewList() {
  const main = document.querySelector("main");
  const told = main.querySelector("[data-renew]");
  if (!told || document.hidden || atWork(main)) return;
  const url = new URL(location.href);
  for (const name of OF_WHAT_WAS_DONE) url.searchParams.delete(name);
  try {
    const fresh = (await fetched(url)).querySelector("main");
    if (atWork(main)) return;
    if (fresh.querySelector("[data-renew]")) main.replaceWith(fresh);
    else location.reload(); // signed out
    begin();
  } catch {
    told.hidden = false;
    told.textContent = told.dataset.renew;
  }
}

setInterval(renewList, RENEW_MS);

// --- the halls now ---

const TICK_MS = 400;
const SPACING_MS = 1500;
const ANEW_MS = 30_000; // waits and advice also change by the clock

/** Draws what has a name (`data-hall`) anew, or all of it where nothing has; what the reader is in stays as it is. */
function redraw(live, fresh) {
  const reading = (element) => element.contains(document.activeElement) || element.querySelector("details[open]");
  const named = fresh.querySelectorAll("[data-hall]");
  if (!named.length) {
    if (!reading(live)) live.replaceChildren(...fresh.childNodes);
    return;
  }
  for (const element of named) {
    const old = live.querySelector(`[data-hall="${element.dataset.hall}"]`);
    if (old && !reading(old)) old.replaceWith(element);
  }
}

function watching(live) {
  const lost = Object.assign(document.createElement("p"), { className: "banner bad", hidden: true });
  lost.setAttribute("role", "status");
  lost.textContent = live.dataset.live;
  live.before(lost);
  const many = live.querySelector("[data-hall]") !== null;
  const changed = new Set();
  let known;
  let position = 0;
  let asking = false;
  let soonest = 0;
  let anew = performance.now() + ANEW_MS;

  const silent = follow(live.dataset.stream, {
    halls(told) {
      if (known) for (const hall of Object.keys(told.halls)) if (known[hall] !== told.halls[hall]) changed.add(hall);
      known = told.halls;
      position = told.position;
    },
    beat() {},
  });

  async function renew() {
    const query = new URLSearchParams(location.search);
    query.set("after", position);
    if (many && changed.size) query.set("hall", [...changed].join(","));
    changed.clear();
    asking = true;
    try {
      const fresh = (await fetched(`${location.pathname}?${query}`)).querySelector("[data-live]");
      if (fresh) redraw(live, fresh);
      else location.reload(); // signed out
    } catch {
      anew = performance.now() + SPACING_MS; // the stream says whether the line is cut
    }
    asking = false;
  }

  setInterval(() => {
    const now = performance.now();
    lost.hidden = !silent(now);
    if (asking || document.hidden || now < soonest || !(changed.size || now > anew)) return;
    soonest = now + SPACING_MS;
    if (now > anew) changed.clear();
    anew = now + ANEW_MS;
    renew();
  }, TICK_MS);
}

const live = document.querySelector("[data-live]");
if (live) watching(live);
