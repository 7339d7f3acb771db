// What the hall tells beside its calls: expected waits, and one message at a time in the bar below.

import { clockTime } from "./clock.js";
import { mark, say } from "./rows.js";
import { windowNumber } from "./calls.js";

const ASK_MS = 15_000;
const PATIENCE_MS = 8000;
const OLD_MS = 90_000; // a wait that nobody has confirmed for so long is no longer told
const TURN_MS = 9000;
const LONG = 46; // characters of a line of the bar; what is longer takes both lines, and what is longer still two turns
const LONGEST = { zh: 92, en: 170 };

const hour = (instant) => clockTime(Date.parse(instant)).slice(0, 5);
const percent = (value) => `${Math.floor(value * 1000) / 10}%`;

/**
 * @param {string} url of the bulletin
 * @param bar the element with `.about`, `.zh` and `.en`
 * @returns `tick(now, board)`, to be called a few times a second, and `wait(queue)` in seconds
 */
export function bulletin(url, bar) {
  let told = null;
  let toldAt = 0;
  let askAt = 0;

  async function ask(now) {
    // Screens of one hall do not ask in one moment.
    askAt = now + ASK_MS * (1 + Math.random() / 2);
    try {
      const answer = await fetch(url, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
      if (!answer.ok) return;
      told = await answer.json();
      toldAt = performance.now();
    } catch {
      // The board says that the line is cut; waits grow old by themselves.
    }
  }

  function draw(now, board) {
    const messages = [...paused(board), ...(told ? [...booked(told), ...told.notices.flatMap(notice), ...results(told)] : [])];
    if (messages.length) {
      const { about, zh, en } = messages[Math.floor(now / TURN_MS) % messages.length];
      say(bar.querySelector(".about .zh"), about.zh);
      say(bar.querySelector(".about .en"), about.en);
      say(bar.querySelector(".text .zh"), zh);
      say(bar.querySelector(".text .en"), en);
    }
    if (told || messages.length) bar.hidden = messages.length === 0;
    mark(document.body, "bar", !bar.hidden);
  }

  return {
    tick(now, board) {
      if (now >= askAt) ask(now);
      if (board) draw(now, board);
    },
    wait: (queue) =>
      performance.now() - toldAt < OLD_MS ? told?.waits.find((one) => one.queue === queue)?.wait_s : undefined,
  };
}

const NOTICE = { zh: "通知", en: "Notice" };

function notice({ zh, en }) {
  if (zh === en) return [{ about: NOTICE, zh, en: "" }];
  if (zh.length <= LONG) return [{ about: NOTICE, zh, en }];
  return [
    ...inTurns(zh, LONGEST.zh).map((part) => ({ about: NOTICE, zh: part, en: "" })),
    ...inTurns(en, LONGEST.en).map((part) => ({ about: NOTICE, zh: "", en: part })),
  ];
}

const inTurns = (text, most) =>
  Array.from({ length: Math.ceil(text.length / most) }, (_, nth) => text.slice(nth * most, (nth + 1) * most));

function paused({ windows }) {
  const named = (window) => {
    const number = windowNumber(window.window);
    const { zh, en } = window.pause?.name ?? { zh: "", en: "" };
    return {
      zh: (number ? `${number}号窗口` : window.name.zh) + (zh && `（${zh}）`),
      en: (number ? `window ${number}` : window.name.en) + (en && ` (${en})`),
    };
  };
  const all = windows.filter(({ state }) => state === "paused").map(named);
  if (all.length === 0) return [];
  const some = all.slice(0, 4);
  const rest = all.length > some.length ? { zh: `等${all.length}个`, en: ` and ${all.length - some.length} more` } : { zh: "", en: "" };
  return [
    {
      about: { zh: "暂停", en: "Paused" },
      zh: some.map(({ zh }) => zh).join("、") + rest.zh,
      en: some.map(({ en }) => en).join(", ") + rest.en,
    },
  ];
}

function booked({ bookings }) {
  const some = bookings.filter((one) => one.booked || one.remaining);
  if (some.length === 0) return [];
  const span = (one) => `${hour(one.starts_at)}–${hour(one.ends_at)}`;
  return [
    {
      about: { zh: "预约", en: "Booked" },
      zh: some.map((one) => `${span(one)} 已约${one.booked}人、余号${one.remaining}个`).join("　"),
      en: some.map((one) => `${span(one)}: ${one.booked} booked, ${one.remaining} free`).join("; "),
    },
  ];
}

function results({ results: rates }) {
  if (rates.length === 0) return [];
  return [
    {
      about: { zh: "整改", en: "Results" },
      zh: "本季度差评：" + rates.map(({ name, value }) => `${name.zh}${percent(value)}`).join("　"),
      en: "This quarter: " + rates.map(({ name, value }) => `${name.en} ${percent(value)}`).join("; "),
    },
  ];
}
