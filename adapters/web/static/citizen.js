// What moves on the citizens' pages: the time a place is held for, and a ticket's place in line.

const SECOND = 1000;
const SILENT = 3 * SECOND;

const two = (number) => String(number).padStart(2, "0");

// The clock of the server counts; a phone's may be wrong by hours.
function countDown(timer) {
  const until = Date.parse(timer.dataset.until);
  const ahead = Date.parse(timer.dataset.now) - Date.now();
  const tick = setInterval(show, SECOND);
  // A screen reader hears the whole minutes, not every second.
  const count = document.createElement("b");
  timer.replaceChildren(`${timer.dataset.left} `, count);
  timer.setAttribute("aria-live", "off");
  function show() {
    const left = Math.max(0, Math.floor((until - Date.now() - ahead) / SECOND));
    count.textContent = `${Math.floor(left / 60)}:${two(left % 60)}`;
    if (left === 0) {
      clearInterval(tick);
      timer.classList.add("bad");
      timer.setAttribute("aria-live", "assertive");
      timer.textContent = timer.dataset.over;
    }
  }
  show();
}

// Each event says that something has changed; what is shown comes from the server, in the language of the page.
function follow(place) {
  const live = place.querySelector("[data-live]");
  const time = place.querySelector(".as-of time");
  const old = place.querySelector("[data-old]");
  let heard = Date.now();
  let stale = false;
  let shown = live.innerHTML;

  function fresh(event) {
    heard = Date.now();
    const told = JSON.parse(event.data);
    stale = told.stale;
    if (told.as_of) time.textContent = clock(told.as_of);
  }

  async function renew() {
    const answer = await fetch(place.dataset.part, { cache: "no-store" });
    if (!answer.ok) return;
    const html = await answer.text();
    if (html === shown) return;
    live.innerHTML = shown = html;
    if (live.querySelector('[data-status="called"]')) navigator.vibrate?.([300, 150, 300]);
  }

  const source = new EventSource(place.dataset.follow);
  source.addEventListener("place", (event) => {
    fresh(event);
    renew().catch(() => {});
  });
  source.addEventListener("beat", fresh);
  setInterval(() => {
    old.hidden = !stale && Date.now() - heard < SILENT;
  }, SECOND / 2);
}

function clock(moment) {
  return new Date(moment).toLocaleTimeString("zh-CN", { hourCycle: "h23", timeZone: "Asia/Shanghai" });
}

document.querySelectorAll("[data-until]").forEach(countDown);
document.querySelectorAll("[data-follow]").forEach(follow);
