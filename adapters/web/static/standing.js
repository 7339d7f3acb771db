// How the hall stands, by which words a screen chooses what it says while nobody is called.

/** While the hall stands so, the screen shows its lines. */
const LINED = ["open", "no-window"];

/**
 * One of the words of `QUIET` in screens.py: as the day is, and before anybody has begun it as its hours are.
 *
 * @param {number} endsAt when the day's last opening period ends, in ms; NaN if it has none
 * @param {boolean} rests whether the hall keeps hours and has none on this day
 * @param {number} now in ms, by the server's clock
 */
function standing({ state, windows }, endsAt, rests, now) {
  if (state === "open") return windows.some((one) => one.state === "open") ? "open" : "no-window";
  if (state === "closed" || endsAt <= now) return "closed";
  return rests ? "rests" : "not-open";
}

/** @param parts `quiet` (what is said instead of calls), `lines` and `advice` (one of them is shown) */
export function standings(parts, { endsAt, rests }) {
  return (board, now) => {
    const stands = standing(board, Date.parse(endsAt), rests !== undefined, now);
    for (const word of parts.quiet.children) word.hidden = !word.dataset.state.split(" ").includes(stands);
    parts.lines.hidden = !LINED.includes(stands);
    parts.advice.hidden = !parts.lines.hidden;
  };
}
