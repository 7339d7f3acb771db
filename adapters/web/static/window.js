// The console of a window. What it shows is the line as the server tells it; a press changes nothing here by itself.

import * as clock from "./clock.js";
import { follow } from "./feed.js";
import { fill, mark, say } from "./rows.js";
import { dialogs } from "./window-dialogs.js";
import { inviting } from "./window-invite.js";
import { presses } from "./window-press.js";

const TICK_MS = 250;
const FIGURES_MS = 60_000;
const FIGURES_AGAIN_MS = 1000;
const FIGURES_TRIES = 30;

const desk = document.getElementById("desk");
const words = JSON.parse(desk.dataset.words);
const told = JSON.parse(desk.dataset.told);
const language = document.documentElement.lang.startsWith("en") ? "en" : "zh";
told.said = (text) => text[language];
const hall = `/api/v1/halls/${told.hall}`;

const part = Object.fromEntries([...desk.querySelectorAll("[data-part]")].map((node) => [node.dataset.part, node]));
const buttons = [...desk.querySelectorAll("[data-press], [data-dialog]")];
const actOf = (button) => button.dataset.press ?? button.dataset.dialog;
const template = (name) => document.getElementById(`${name}-row`);
const put = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");

let line = told.line;
let asOf = told.line.as_of;
let filter = "mine";
let lastInHand = null; // or who is now
clock.set(Date.parse(told.now));

// --- what is so ----------------------------------------------------------------------------------------------

const CLOSED = { window: told.window, state: "closed", queues: [], ticket: null, alarm: null, undo: null, pause: null };
const here = () => line.windows.find(({ window }) => window === told.window) ?? CLOSED;
const hand = () => line.tickets.find(({ ticket }) => ticket === here().ticket) ?? null;
const windowName = (window) => told.said(line.windows.find((one) => one.window === window)?.name ?? { zh: window, en: window });
const undoable = () => (here().undo && Date.parse(here().undo.until) > clock.now() ? here().undo : null);

/** Whether a service is going on; where no start is told it begins with the call. */
const inService = () => hand()?.status === "serving" || (hand()?.status === "called" && !line.starts_told);

/** Whether an act can be done now, by what the server last told. */
const CAN = {
  open: () => here().state === "closed" && line.state !== "closed",
  resume: () => here().state === "paused",
  pause: () => here().state === "open",
  close: () => here().state !== "closed" && !here().ticket,
  "call-next": () => here().state === "open" && !here().ticket,
  recall: () => hand()?.status === "called",
  start: () => hand()?.status === "called",
  "no-show": () => hand()?.status === "called",
  finish: () => inService(),
  split: () => inService(),
  park: () => Boolean(hand()),
  transfer: () => Boolean(hand()),
  return: () => Boolean(hand()),
  undo: () => Boolean(undoable()),
  invite: () => !hand() && invitation.open(),
  alarm: () => true,
};

/** The ticket an act is meant for: should another be in hand by then, nothing is done. */
const meantFor = (act) => (act === "undo" ? undoable()?.ticket : ["open", "close", "pause", "resume", "alarm", "call-next"].includes(act) ? null : here().ticket);

function learn(document) {
  if (document.position < line.position && document.date === line.date) return;
  line = document;
  asOf = document.as_of;
  draw();
}

/** The line as it is this moment, when something was done or refused. */
async function look() {
  const answer = await fetch(`${hall}/line`, { signal: AbortSignal.timeout(6000) }).catch(() => null);
  if (answer?.status === 401) sayOver(words.over);
  if (answer?.ok) learn(await answer.json());
}

/** The sign-in is over: its time was up, or somebody has ended it. */
function sayOver(text) {
  tellDesk("bad", text);
  part["sign-in"].hidden = false;
}

const tick = follow(`${hall}/line/events`, {
  line: learn,
  beat({ as_of, now }) {
    if (as_of) asOf = as_of;
    clock.set(Date.parse(now));
  },
});

// --- presses -------------------------------------------------------------------------------------------------

const named = (press) => ({ act: words.acts[press.act], ticket: press.ticket ?? press.body.ticket ?? "" });

function tellDesk(kind, text, { answers = false } = {}) {
  part.told.dataset.kind = kind;
  say(part.says, text);
  part.answers.hidden = !answers;
  part["sign-in"].hidden = true;
}

const doing = presses(`${hall}/windows/${told.window}`, {
  sending: (press) => (tellDesk("wait", put(words.sending, named(press))), draw()),
  unsure: (press, tries) => tellDesk("wait", put(words.unsure, { ...named(press), tries }), { answers: true }),
  stopped: (press) => tellDesk("bad", put(words.stopped, named(press)), { answers: true }),
  async done(press, receipt, { replayed, late }) {
    const values = { ...named(press), ticket: receipt.ticket };
    const said = put(words.done[press.act], values);
    const why = replayed ? put(words.replayed, values) : late ? words.late : "";
    const when = ["finish", "split"].includes(press.act) ? ended(receipt.ticket) : "";
    tellDesk("good", [said, when, why].filter(Boolean).join(" "));
    await look();
    draw();
    invitation.look();
    if (!press.act.endsWith("alarm")) figures(receipt.position);
  },
  async refused(press, problem) {
    if (problem.status === 401) return sayOver(words.signed_out);
    const text = problem.text?.[language] ?? problem.detail;
    tellDesk("bad", text);
    await look();
    tellDesk("bad", [text, whereabouts(press.body.ticket)].filter(Boolean).join(" "));
    draw();
  },
  dropped(press) {
    tellDesk("bad", put(words.dropped, named(press)));
    look();
    draw();
  },
});

/** Where a ticket is that somebody else was faster with. */
function whereabouts(number) {
  if (!number) return "";
  const ticket = line.tickets.find((one) => one.ticket === number);
  if (!ticket) return put(words.gone, { ticket: number });
  return ticket.window && ticket.status !== "parked" ? put(words.taken, { ticket: number, window: windowName(ticket.window) }) : "";
}

function press(act, options) {
  if (!doing.press(act, options)) tellDesk("wait", put(words.busy, named(doing.pending)), { answers: true });
}

const invitation = inviting(`${hall}/windows/${told.window}`, words.invited, {
  idle: () => !hand(),
  day: (iso) => new Intl.DateTimeFormat(document.documentElement.lang, { month: "short", day: "numeric", timeZone: "Asia/Shanghai" }).format(Date.parse(iso)),
  put,
  drawn: () => drawButtons(),
});

const ask = dialogs(told, words, { line: () => line, hand, press });

function act(button) {
  const name = actOf(button);
  if (name === "invite") invitation.show();
  else if (button.dataset.dialog) ask(name, meantFor(name));
  else press(name, { ticket: meantFor(name) });
}

for (const button of buttons) button.addEventListener("click", () => act(button));
for (const button of desk.querySelectorAll("[data-answer]")) button.addEventListener("click", () => doing[button.dataset.answer]());

document.addEventListener("keydown", (event) => {
  const key = event.key.length === 1 ? event.key.toUpperCase() : event.key;
  const pressed = [event.ctrlKey && "Control", event.altKey && "Alt", event.shiftKey && "Shift", key].filter(Boolean).join("+");
  const keyed = buttons.filter((button) => button.dataset.key === pressed);
  if (keyed.length === 0 || (pressed === "Control+Z" && event.target.matches("input, textarea"))) return;
  event.preventDefault(); // a key of ours is never the browser's, even where there is nothing to do
  const open = document.querySelector("dialog[open]");
  if (event.repeat) return;
  if (open) {
    // The key that asked also confirms: F6 F6.
    if (keyed.some((button) => `${button.dataset.dialog}-dialog` === open.id)) open.querySelector('[value="do"]').click();
    return;
  }
  const button = keyed.find((one) => !one.disabled && !one.hidden);
  if (button) act(button);
  else if (doing.pending) tellDesk("wait", put(words.busy, named(doing.pending)), { answers: true });
});

// --- drawing -------------------------------------------------------------------------------------------------

const minutes = (seconds) => Math.max(1, Math.round(seconds / 60));
const hourMinute = (iso) => clock.clockTime(Date.parse(iso)).slice(0, 5);
const itemName = (ticket) => told.items.find(({ item }) => item === ticket.item)?.name ?? words.any_item;
const queueName = (ticket) => told.said(line.queues.find(({ queue }) => queue === ticket.queue)?.name ?? { zh: ticket.queue, en: ticket.queue });

function marks(ticket) {
  return [
    ticket.priority !== "ordinary" && told.said(ticket.priority_name),
    ticket.booked && (ticket.due_at ? put(words.booked, { time: hourMinute(ticket.due_at) }) : put(words.booked, { time: "" })),
    (ticket.kept_window || ticket.kept_clerk) && put(words.kept, { who: ticket.kept_clerk ?? windowName(ticket.kept_window) }),
    ticket.recalls > 0 && put(words.recalls, { n: ticket.recalls }),
  ].filter(Boolean);
}

/** What has become of a ticket, and when: taken, called, begun. */
function times({ issued_at: issued, called_at: called, started_at: started }) {
  const told = { issued, called, started };
  return Object.keys(told).filter((name) => told[name]).map((name) => put(words.times[name], { time: hourMinute(told[name]) }));
}

/** The times of a service that has just ended, as far as this page has seen it. */
function ended(ticket) {
  const began = lastInHand?.ticket === ticket && (lastInHand.started_at ?? (line.starts_told ? null : lastInHand.called_at));
  if (!began) return "";
  const took = long((clock.now() - Date.parse(began)) / 1000);
  const now = put(words.times.ended, { time: clock.clockTime(clock.now()).slice(0, 5) });
  return `${[...times({ ...lastInHand, issued_at: null }), now].join(" → ")} (${put(words.times.took, { time: took })})`;
}

const long = (seconds) => (seconds < 60 ? put(words.seconds, { n: Math.max(0, Math.round(seconds)) }) : put(words.minutes, { n: Math.round(seconds / 60) }));

function draw() {
  const me = here();
  const inHand = hand();
  if (inHand) lastInHand = inHand;
  desk.dataset.state = me.state;
  say(part.state, me.pause ? `${words.states[me.state]} · ${told.said(me.pause.name)}` : words.states[me.state]);
  say(part.who, me.clerk && me.clerk !== told.clerk ? put(words.others, { clerk: me.clerk }) : told.clerk);
  say(part.caption, line.ended ? over() : words.hand[inHand?.status ?? "none"]);
  say(part.number, inHand?.ticket ?? "—");
  mark(part.number, "none", !inHand);
  say(part.item, inHand ? `${queueName(inHand)} · ${itemName(inHand)}` : "");
  say(part.marks, inHand ? marks(inHand).join(" · ") : "");
  say(part.times, inHand ? times(inHand).join(" → ") : "");
  say(part.reason, inHand?.reason ?? "");
  part.invite.hidden ||= Boolean(inHand);
  drawCase(inHand);
  drawButtons();
  drawLine();
  drawAlarms();
}

/** That the day is closed, and how long that can be taken back. */
function over() {
  const back = Date.parse(line.ended.reopen_until) > clock.now() ? put(words.day_back, { until: hourMinute(line.ended.reopen_until) }) : "";
  return put(words.day_over, { at: hourMinute(line.ended.at) }) + back;
}

/** The case that was opened for whoever is being served, or the way to open one. */
function drawCase(inHand) {
  const opened = told.case && told.case.ticket === inHand?.id;
  part.case.hidden = inHand?.status !== "serving";
  part["case-link"].hidden = opened;
  const asked = new URLSearchParams({ ticket: inHand?.ticket ?? "", item: inHand?.item ?? "", hall: told.hall });
  if (inHand) part["case-link"].href = `/window/cases/new?${asked}`;
  say(part["case-told"], opened ? put(words.with_case, told.case) : "");
}

function drawButtons() {
  for (const button of buttons) {
    const can = CAN[actOf(button)]();
    button.disabled = !can || doing.pending !== null;
    if (["open", "resume", "pause", "undo"].includes(actOf(button))) button.hidden = !can;
    if (actOf(button) === "start") button.hidden = !line.starts_told;
  }
}

const served = (ticket) => {
  const { queues } = here();
  const kept = ticket.kept_window ?? null;
  return queues.includes(ticket.queue) && (kept === null || kept === told.window) && (!ticket.kept_clerk || ticket.kept_clerk === here().clerk);
};

function drawLine() {
  const waiting = line.tickets.filter(({ status }) => status === "waiting");
  const aside = line.tickets.filter(({ status }) => status === "parked" || status === "missed");
  const lists = { mine: waiting.filter(served), all: waiting, aside };
  for (const [name, list] of Object.entries(lists)) say(desk.querySelector(`[data-count="${name}"]`), String(list.length));
  say(desk.querySelector('[data-count="windows"]'), String(line.windows.filter(({ state }) => state === "open").length));
  for (const table of desk.querySelectorAll("[data-table]")) table.hidden = (table.dataset.table === "windows") !== (filter === "windows");
  const list = lists[filter] ?? [];
  part.empty.hidden = filter === "windows" || list.length > 0;
  say(part.empty, filter === "aside" ? words.no_aside : words.nobody);
  if (filter === "windows") fill(part.desks, template("desk"), line.windows, writeDesk);
  else fill(part.rows, template("ticket"), list, writeTicket);
  desk.querySelector('[data-table="tickets"]').hidden ||= list.length === 0;
}

function writeTicket(row, ticket) {
  const waits = ticket.status === "waiting";
  row.dataset.ticket = ticket.ticket;
  say(row.querySelector(".no"), ticket.ticket);
  say(row.querySelector(".what"), ticket.item ? itemName(ticket) : queueName(ticket));
  say(row.querySelector(".tags"), marks(ticket).join(" · "));
  const pool = ticket.pool && put(words.pools[ticket.pool], { window: windowName(ticket.window) });
  say(row.querySelector(".why"), waits ? told.said(ticket.why) : ticket.status === "missed" ? words.missed : [ticket.reason, pool].filter(Boolean).join(" · "));
  const [long, expected] = row.querySelectorAll(".wait > *");
  say(long, put(words.minutes, { n: Math.max(0, Math.floor((clock.now() - Date.parse(ticket.issued_at)) / 60_000)) }));
  say(expected, waits && ticket.wait_s ? expectation(ticket.wait_s) : "");
  const [first, second] = row.querySelectorAll("button");
  writeRowAct(first, ticket.status === "parked" ? "unpark" : "call", ticket);
  writeRowAct(second, "return", ticket);
  second.hidden = waits;
}

function expectation({ p50, p90, assumed }) {
  const said = minutes(p50) === minutes(p90) ? put(words.expect_one, { p50: minutes(p50) }) : put(words.expect, { p50: minutes(p50), p90: minutes(p90) });
  return assumed ? `${said} (${words.assumed})` : said;
}

function writeRowAct(button, name, ticket) {
  [button.dataset.act, button.dataset.ticket] = [name, ticket.ticket];
  say(button, words.acts[name]);
  const label = `${words.acts[name]} ${ticket.ticket}`;
  if (button.getAttribute("aria-label") !== label) button.setAttribute("aria-label", label);
  button.disabled = doing.pending !== null || here().state === "closed" || (name !== "return" && !CAN["call-next"]());
}

function writeDesk(row, desk) {
  const [name, state, clerk, ticket] = row.children;
  say(name, told.said(desk.name));
  say(state, desk.pause ? `${words.states[desk.state]} · ${told.said(desk.pause.name)}` : words.states[desk.state]);
  say(clerk, desk.clerk ?? "");
  say(ticket, desk.ticket ?? (desk.state === "open" ? words.idle : ""));
  row.dataset.state = desk.state;
}

function drawAlarms() {
  fill(part.alarms, template("alarm"), line.windows.filter(({ alarm }) => alarm), (row, window) => {
    say(row.querySelector("b"), put(words.alarm_at, { window: told.said(window.name), kind: words.alarms[window.alarm] }));
    const clear = row.querySelector("button");
    clear.dataset.window = window.window;
    clear.hidden = told.confined && window.window !== told.window;
  });
}

// One listener for all rows: they are written again and again.
// What is under the finger when it comes down is meant, even if the row is another's when it goes up.
let aimed = null;
part.rows.addEventListener("pointerdown", ({ target }) => (aimed = { ...target.closest("button")?.dataset }));
part.rows.addEventListener("click", ({ target, detail }) => {
  const { act: name, ticket } = (detail && aimed) || (target.closest("button")?.dataset ?? {});
  aimed = null;
  if (name) press(name, { body: { ticket } });
});
part.alarms.addEventListener("click", async ({ target }) => {
  const { window } = target.closest("button")?.dataset ?? {};
  if (window === told.window) press("clear-alarm");
  else if (window) {
    await fetch(`${hall}/windows/${window}/clear-alarm`, { method: "POST", signal: AbortSignal.timeout(6000) }).catch(() => null);
    look();
  }
});
for (const button of desk.querySelectorAll("[data-filter]")) {
  button.addEventListener("click", () => {
    filter = button.dataset.filter;
    for (const one of desk.querySelectorAll("[data-filter]")) one.setAttribute("aria-pressed", String(one === button));
    drawLine();
  });
}

// --- the day's figures, and time ------------------------------------------------------------------------------

/** The clerk's own figures; asked again for a while until they hold what was done at a position. */
async function figures(done = 0, tries = FIGURES_TRIES) {
  const answer = await fetch(`${hall}/day`, { signal: AbortSignal.timeout(8000) }).catch(() => null);
  if (!answer?.ok) return;
  const day = await answer.json();
  if (day.position < done && tries > 0) setTimeout(figures, FIGURES_AGAIN_MS, done, tries - 1);
  const mine = day.clerks.find(({ clerk }) => clerk === told.clerk);
  const mean = mine?.service_s.mean ?? null;
  say(part.served, String(mine?.served ?? 0));
  say(part.service, mean === null ? "–" : long(mean));
  say(part["no-shows"], String(mine?.no_shows ?? 0));
  say(part.transfers, String(mine?.transfers ?? 0));
}

let wasSilent = false;
const undoButton = buttons.find((button) => actOf(button) === "undo");

function drawTime() {
  const silent = tick(performance.now());
  if (silent && !wasSilent) look(); // cut off, or sent away?
  wasSilent = silent;
  const time = asOf ? clock.clockTime(Date.parse(asOf)) : "--:--:--";
  mark(desk, "stale", silent);
  part.stale.hidden = !silent;
  if (silent) say(part.stale, put(words.stale, { time }));
  say(part["as-of"], time);
  const at = hand()?.started_at ?? hand()?.called_at;
  const seconds = at ? Math.max(0, Math.floor((clock.now() - Date.parse(at)) / 1000)) : 0;
  say(part.timer, at ? `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}` : "");
  const undo = undoable();
  if (undo) {
    const left = Math.ceil((Date.parse(undo.until) - clock.now()) / 1000);
    say(undoButton.querySelector("span"), `${put(words.undo[undo.act], undo)} (${put(words.seconds, { n: left })})`);
  }
  if (undoButton.hidden === Boolean(undo)) drawButtons();
}

draw();
drawTime();
figures();
invitation.look();
doing.resume();
setInterval(drawTime, TICK_MS);
setInterval(() => figures(), FIGURES_MS);
