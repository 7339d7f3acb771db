// What an act must be told before it is done: which items, where to, why.

/**
 * @param told what the page was told, with `said` names
 * @param desk `line()`, `hand()` and `press(act, options)`
 */
export function dialogs(told, words, desk) {
  const fillers = { transfer: fillWhere, finish: fillHandled, split: fillSplit };
  const bodies = {
    pause: (form) => ({ reason: form.get("reason") }),
    park: (form) => ({ reason: reason(form), pool: form.get("pool") }),
    transfer: (form) => ({ [form.get("kind")]: form.get("where"), reason: reason(form) }),
    finish: (form) => handled(form),
    split(form) {
      const item = told.items.find((one) => one.item === form.get("next"));
      return { ...handled(form), queue: item ? item.queue : form.get("next"), item: item?.item };
    },
    alarm: (form) => ({ kind: form.get("kind") }),
  };

  for (const form of document.querySelectorAll("form[data-form]")) {
    const act = form.dataset.form;
    const dialog = form.closest("dialog");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const ticket = dialog.dataset.ticket || null;
      dialog.close();
      desk.press(act, { body: bodies[act](new FormData(form)), ticket });
    });
    form.querySelector("[data-cancel]").addEventListener("click", () => dialog.close());
    for (const kind of form.querySelectorAll('[name="kind"]')) kind.addEventListener("change", () => fillers[act]?.(form));
    form.querySelector("[data-find]")?.addEventListener("input", (event) => narrow(form, event.target.value));
    form.addEventListener("keydown", (event) => enter(event, form));
  }

  const reason = (form) => [form.get("reason"), form.get("more").trim()].filter(Boolean).join(" · ");
  const opened = () => (told.case && told.case.ticket === desk.hand()?.id ? told.case.case : undefined);
  const handled = (form) => ({ items: form.getAll("items").slice(0, 20), outcome: form.get("outcome"), case: opened() });

  function option(value, text) {
    const made = document.createElement("option");
    [made.value, made.textContent] = [value, text];
    return made;
  }

  function fillWhere(form) {
    const line = desk.line();
    const kind = new FormData(form).get("kind");
    const others = line.windows.filter(({ window, state }) => window !== told.window && state !== "closed");
    const choices = {
      queue: line.queues.filter(({ queue }) => queue !== desk.hand()?.queue).map((one) => [one.queue, `${one.prefix} ${told.said(one.name)} · ${words.people.replace("{n}", one.waiting)}`]),
      to_window: others.map((one) => [one.window, `${told.said(one.name)} · ${words.states[one.state]}`]),
      to_clerk: others.map((one) => [one.clerk, `${one.clerk} · ${told.said(one.name)}`]),
    }[kind];
    const select = form.elements.where;
    select.replaceChildren(...choices.map(([value, text]) => option(value, text)));
    form.querySelector('[value="do"]').disabled = choices.length === 0;
  }

  function fillHandled(form) {
    const hand = desk.hand();
    const rank = ({ item, queue }) => (item === hand?.item ? 0 : queue === hand?.queue ? 1 : 2);
    const list = form.querySelector("[data-items]");
    const template = document.getElementById("item-row");
    list.replaceChildren(
      ...[...told.items].sort((one, other) => rank(one) - rank(other)).map((one) => {
        const row = template.content.cloneNode(true).firstElementChild;
        const box = row.querySelector("input");
        [box.value, box.checked] = [one.item, one.item === hand?.item];
        row.querySelector("span").textContent = one.name;
        return row;
      }),
    );
    list.scrollTop = 0;
    if (opened()) form.elements.outcome.value = "case-opened";
  }

  function fillSplit(form) {
    fillHandled(form);
    const queues = desk.line().queues;
    const groups = queues.map((queue) => {
      const group = document.createElement("optgroup");
      group.label = `${queue.prefix} ${told.said(queue.name)}`;
      group.append(
        option(queue.queue, `${told.said(queue.name)} · ${words.any_item}`),
        ...told.items.filter((one) => one.queue === queue.queue).map((one) => option(one.item, one.name)),
      );
      return group;
    });
    form.elements.next.replaceChildren(...groups);
  }

  /** Enter confirms from a list of choices too, and goes from the search to what it found. */
  function enter(event, form) {
    if (event.key !== "Enter") return;
    if (event.target.matches("[data-find]")) {
      event.preventDefault();
      form.querySelector("[data-items] label:not([hidden]) input")?.focus();
    } else if (event.target.matches("select")) {
      event.preventDefault();
      form.querySelector('[value="do"]').click();
    }
  }

  function narrow(form, text) {
    const wanted = text.trim().toLowerCase();
    for (const row of form.querySelectorAll("[data-items] label")) {
      row.hidden = !row.textContent.toLowerCase().includes(wanted) && !row.querySelector("input").checked;
    }
  }

  /** Ask what an act must be told; `ticket` is the number it is meant for. */
  return function open(act, ticket) {
    const dialog = document.getElementById(`${act}-dialog`);
    const form = dialog.querySelector("form");
    form.reset();
    form.querySelector('[value="do"]').disabled = false;
    fillers[act]?.(form);
    dialog.dataset.ticket = ticket ?? "";
    dialog.querySelector("[data-dialog-ticket]").textContent = ticket ?? "";
    dialog.showModal();
    (form.querySelector("input:checked, select") ?? form.querySelector("input")).focus();
  };
}
