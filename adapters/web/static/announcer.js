// The voice of a screen: calls are said one after the other and never one into the next.
//
// Every browser waits for one touch before a page may sound, unless it was started to allow it; `changed` tells, so that
// the page can ask for it. Only a voice that lives on the device is used, for no word may leave the house; without a
// Chinese one a chime stands for each announcement, and the screen says the rest.

const HELD = 40; // announcements that may wait; beyond it the oldest give way, for they are on the screen
const RECENT_MS = 60_000; // a call that old is said only if its ticket is still in hand at its window
const GAP_MS = 400;
const CHIME_MS = 1300;
const READING_MS = 2500; // what a chime leaves people to look up
const NOTES = [659.26, 523.25]; // e″ and c″
const SLOWEST_MS = 6000; // an utterance that has not ended after this, and so much for each character, never will
const SLOWEST_MS_PER_CHARACTER = 500;
const LOCKED_MS = 500; // a browser that minds does so at once; one that does not mind has nothing to say

const DIGITS = "零一二三四五六七八九";

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** `A001` as it is called out in a hall: every digit by itself. */
export const spelled = (ticket) => [...ticket].map((c) => DIGITS[c] ?? c).join("");

/**
 * @param {{times: (call) => number, sentence: (call) => string, inHand: (call) => boolean, now: () => number,
 *          changed: (state: "off"|"locked"|"voice"|"chime") => void}} told
 *   `times`: how often a call is said; `inHand`: whether its ticket still is; `now`: the halls' time in ms
 */
export function announcer({ times, sentence, inHand, now, changed }) {
  const waiting = [];
  let state = "off";
  let audio = null;
  let voice = null;
  let busy = false;

  function become(next) {
    if (next !== state) changed((state = next));
  }

  function choose() {
    const voices = globalThis.speechSynthesis?.getVoices() ?? [];
    const chinese = voices.filter(({ lang, localService }) => localService && /^(zh|cmn)\b/i.test(lang));
    voice = chinese.find(({ lang }) => /^(zh[-_]CN|cmn)/i.test(lang)) ?? chinese[0] ?? null;
    if (audio) become(voice ? "voice" : "chime");
  }

  function unlock() {
    if (audio) return;
    audio = new AudioContext();
    choose();
  }

  async function begin() {
    globalThis.speechSynthesis?.addEventListener("voiceschanged", choose);
    const minded = new Audio().play().then(
      () => false,
      ({ name }) => name === "NotAllowedError",
    );
    if (!(await Promise.race([minded, pause(LOCKED_MS)]))) return unlock();
    become("locked");
    for (const gesture of ["pointerdown", "keydown"]) addEventListener(gesture, unlock, { once: true });
  }

  function chime() {
    NOTES.forEach((hertz, nth) => {
      const at = audio.currentTime + nth * 0.45;
      const tone = new OscillatorNode(audio, { frequency: hertz });
      const loudness = new GainNode(audio, { gain: 0 });
      loudness.gain.setValueAtTime(0, at);
      loudness.gain.linearRampToValueAtTime(0.4, at + 0.02);
      loudness.gain.exponentialRampToValueAtTime(0.001, at + 0.8);
      tone.connect(loudness).connect(audio.destination);
      tone.start(at);
      tone.stop(at + 0.85);
    });
    return pause(CHIME_MS);
  }

  /** Say a sentence to its end; one that does not end is broken off, so that the next is heard. */
  function utter(text) {
    const spoken = new SpeechSynthesisUtterance(text);
    Object.assign(spoken, { voice, lang: voice.lang, rate: 0.9 });
    const ended = new Promise((done) => {
      spoken.onend = spoken.onerror = done;
    });
    speechSynthesis.speak(spoken);
    let late;
    const never = new Promise((done) => {
      late = setTimeout(() => {
        speechSynthesis.cancel();
        done();
      }, SLOWEST_MS + text.length * SLOWEST_MS_PER_CHARACTER);
    });
    return Promise.race([ended, never]).finally(() => clearTimeout(late));
  }

  const isWanted = (call) => inHand(call) || now() - Date.parse(call.at) < RECENT_MS;

  async function run() {
    busy = true;
    while (waiting.length) {
      const call = waiting.shift();
      if (!isWanted(call)) continue;
      await chime();
      for (let nth = 0; nth < times(call); nth += 1) {
        await (voice ? utter(sentence(call)) : pause(READING_MS));
        await pause(GAP_MS);
      }
    }
    busy = false;
  }

  return {
    begin,
    /** Put calls behind those that wait; one that was called again meanwhile is said once, as it was called last. */
    announce(calls) {
      if (!audio) return; // what nobody could hear then, nobody needs to hear later
      for (const call of calls.filter((one) => times(one) > 0)) {
        const earlier = waiting.findIndex(({ ticket }) => ticket === call.ticket);
        if (earlier >= 0) waiting.splice(earlier, 1);
        waiting.push(call);
      }
      waiting.splice(0, waiting.length - HELD);
      if (!busy) run();
    },
  };
}
