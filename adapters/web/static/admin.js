// Rows of a form come and go without the page: a button that only rearranges is sent and the form it answers with put in
// its place. Without this the same button loads the page.
let typed = false;

document.addEventListener("input", (event) => { typed ||= event.target.form?.id === "document"; });

document.addEventListener("submit", async (event) => {
  const button = event.submitter;
  if (button?.name !== "do") { typed = false; return; }
  event.preventDefault();
  const form = event.target;
  const where = new URL(button.formAction);
  const sent = new URLSearchParams(new FormData(form, button));
  form.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(where.pathname, { method: "POST", body: sent });
    const made = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("document");
    if (!made) throw new Error(`${answer.status}`);
    for (const open of form.querySelectorAll("details[open][id]")) {
      if (!button.value.startsWith("remove") && !button.value.startsWith("up")) {
        made.querySelector(`#${CSS.escape(open.id)}`)?.setAttribute("open", "");
      }
    }
    form.replaceWith(document.adoptNode(made));
    typed = true;
    land(made, where.hash.slice(1), button.value);
  } catch {
    form.removeAttribute("aria-busy");
    const told = document.createElement("input");
    Object.assign(told, { type: "hidden", name: "do", value: button.value });
    form.append(told);
    form.action = where.pathname + where.hash;
    form.submit();
  }
});

// Into the new row's first field; after a removal to the button that adds one.
function land(form, id, did) {
  const list = form.querySelector(`#${CSS.escape(id)}`);
  if (!list) return;
  const rows = list.querySelectorAll(":scope > ol > li");
  const inside = did.startsWith("add") ? rows[rows.length - 1] : did.startsWith("choose") ? list : null;
  const next = inside?.querySelector("input:not([type=hidden]), select, textarea") ?? list.querySelector('[value^="add "]');
  (next ?? list).focus();
  if (did.startsWith("choose")) list.querySelector("select")?.focus();
}

addEventListener("beforeunload", (event) => { if (typed) event.preventDefault(); });
