// A hall's board or line as it comes: server-sent events, with a watch on their silence.
//
// The server sends `board` or `line` (the whole document, at every change) and `beat` (every 1.5 s: nothing changed).
// An EventSource resumes by itself where it left off. What it does not notice is a line that died without a word,
// and what it does not forgive is an answer other than 200: both are begun anew here.

const SILENT_MS = 2700; // a beat comes every 1.5 s; with the tick that asks, said within three seconds
const DEAD_MS = 10_000;
const RETRY_MS = 1000;
const RETRY_MS_MAX = 10_000;

/**
 * @param {string} url of the events
 * @param {Object<string, (document: object) => void>} heard what is done with each kind of event; with `beat`
 *   (`{as_of, stale, now}`) too
 * @returns `tick(now)`, to be called a few times a second with `performance.now()`: whether the line is silent
 */
export function follow(url, heard) {
  let source;
  let heardAt = performance.now();
  let openedAt;
  let retryAt;
  let pause = RETRY_MS;

  function open(now) {
    source?.close();
    openedAt = now;
    // A thousand screens that lost the same server do not come back in the same moment.
    retryAt = now + pause * (1 + Math.random());
    pause = Math.min(pause * 2, RETRY_MS_MAX);
    source = new EventSource(url);
    for (const kind of Object.keys(heard)) {
      source.addEventListener(kind, (event) => {
        heardAt = performance.now();
        pause = RETRY_MS;
        heard[kind](JSON.parse(event.data));
      });
    }
  }

  open(heardAt);
  return (now) => {
    const closed = source.readyState === EventSource.CLOSED;
    const dead = now - Math.max(heardAt, openedAt) > DEAD_MS;
    if (now > retryAt && (closed || dead)) open(now);
    return now - heardAt > SILENT_MS;
  };
}
