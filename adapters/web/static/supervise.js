// The supervisor's list: one box picks all, and how many are picked is said. The halls now: asked anew while somebody
// looks. Without it every box works by itself, and a page is as of when it was fetched.

const form = document.querySelector("form.many");
if (form) {
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
  tell();
}

const EVERY_MS = 10_000;
const LIMIT_MS = 8_000;

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
      const answer = await fetch(location.href, { signal: AbortSignal.timeout(LIMIT_MS) });
      if (!answer.ok) throw new Error(answer.statusText);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector("[data-live]");
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
