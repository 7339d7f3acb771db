// Fetches a development token and copies what is to be copied.

const form = document.querySelector("[data-token-form]");
const token = document.getElementById("token");
const told = form.querySelector("output");

function tell(zh, en, failed = false) {
  told.querySelector(".zh").textContent = zh;
  told.querySelector(".en").textContent = en;
  told.toggleAttribute("data-failed", failed);
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    tell("已复制。", "Copied.");
  } catch {
    // Without TLS a browser keeps the clipboard to itself; what is selected can be copied by hand.
    tell("浏览器不允许复制，请手动选择。", "The browser does not allow copying; please select by hand.", true);
  }
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("[type=submit]");
  button.disabled = true;
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: form.dataset.body,
    });
    if (!answer.ok) throw new Error(`${answer.status}`);
    token.value = (await answer.json()).token;
    tell("已领取，半天内有效。", "Here it is; good for half a day.");
  } catch (error) {
    tell(`领取失败：${error.message}`, `No token: ${error.message}`, true);
  } finally {
    button.disabled = false;
  }
});

for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", () => {
    const from = document.getElementById(button.dataset.copy);
    if ("value" in from) from.select();
    if (from.value ?? from.textContent) copy(from.value ?? from.textContent);
  });
}
