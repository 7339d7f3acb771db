// The supervisor's list: one box picks all, and how many are picked is said. Without it every box works by itself.

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
