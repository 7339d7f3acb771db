// Computes what stands in for somebody who does not sign in: a proof of work (ALTCHA v2 over PBKDF2), by Web Crypto
// alone. Nobody has to read or solve anything; a form that is sent before it is ready goes when it is.

const RENEW_MS = 8 * 60 * 1000;

const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");

async function solved(challenge) {
  const { nonce, salt, cost, keyLength, keyPrefix } = challenge.parameters;
  const password = new Uint8Array([...bytes(nonce), 0, 0, 0, 0]);
  const counting = new DataView(password.buffer, password.length - 4);
  const how = { name: "PBKDF2", hash: "SHA-256", salt: bytes(salt), iterations: cost };
  const began = performance.now();
  for (let counter = 0; ; counter += 1) {
    counting.setUint32(0, counter);
    const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
    const derivedKey = hex(await crypto.subtle.deriveBits(how, key, keyLength * 8));
    if (derivedKey.startsWith(keyPrefix)) {
      return { counter, derivedKey, time: Math.round(performance.now() - began) };
    }
  }
}

function prove(place) {
  const [field, status] = [place.querySelector("input"), place.querySelector("[role=status]")];
  const form = place.closest("form");
  let sending = null;

  async function compute() {
    status.textContent = place.dataset.busy;
    try {
      const answer = await fetch(place.dataset.proof);
      if (!answer.ok) throw new Error(answer.statusText);
      const challenge = await answer.json();
      field.value = btoa(JSON.stringify({ challenge, solution: await solved(challenge) }));
      status.textContent = place.dataset.done;
      setTimeout(compute, RENEW_MS);
      if (sending) form.requestSubmit(sending.submitter);
    } catch {
      status.textContent = place.dataset.failed;
    }
    sending = null;
  }

  form.addEventListener("submit", (event) => {
    if (field.value || status.textContent !== place.dataset.busy) return;
    event.preventDefault();
    sending = event;
  });
  compute();
}

// Without https there is no Web Crypto: what the page says to whoever has no scripts holds then too.
if (globalThis.crypto?.subtle) document.querySelectorAll("[data-proof]").forEach(prove);
