// The supervisor's pages. Lists: one box picks all, and how many are picked is said. The past: a slider shows how it stood
// while it is moved. The halls now: drawn anew when something happens in one. Without scripts every box works by itself,
// a moment is typed or chosen by a link, and a page is as of when it was fetched.

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
    if (range.value === "0") query.delete("as_of");
    const url = `${location.pathname}?${query}`;
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

// --- the halls now ---

function begin() {
  const many = document.querySelector("form.many");
  if (many) picking(many);
  const then = document.querySelector(".then-form");
  if (then) sliding(then);
}

begin();

const EVERY_MS = 10_000;

const live = document.querySelector("[data-live]");
if (live) {
  const lost = Object.assign(document.createElement("p"), { className: "banner bad", hidden: true });
  lost.setAttribute("role", "status");
  lost.textContent = live.dataset.live;
  live.before(lost);
  let shown = live;

  async function renew() {
    // Whoever reads with the keyboard in it, or has opened a table, is not interrupted.
    if (document.hidden || shown.contains(document.activeElement) || shown.querySelector("details[open]")) return;
    try {
      const fresh = (await fetched(location.href)).querySelector("[data-live]");
      if (!fresh) throw new Error("signed out");
      shown.replaceWith(fresh);
      shown = fresh;
      lost.hidden = true;
    } catch {
      lost.hidden = false;
    }
  }

  setInterval(renew, EVERY_MS);
}
