// The counts of the hall that is live, kept up while the page is looked at.

const EVERY_MS = 4000;

const counts = document.querySelector("[data-counts]");

async function renew() {
  const told = await fetch(location.pathname);
  const page = new DOMParser().parseFromString(await told.text(), "text/html");
  const fresh = page.querySelector("[data-counts]");
  if (fresh) counts.replaceChildren(...fresh.childNodes);
}

if (counts) {
  setInterval(() => {
    if (!document.hidden) renew().catch(() => {}); // the next one tells
  }, EVERY_MS);
}
