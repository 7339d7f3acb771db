// The time of the halls, by the server's clock: a screen's own may be wrong, and is nobody's business.

const ZONE = "Asia/Shanghai";
const SLACK_MS = 700;

const time = new Intl.DateTimeFormat("en-GB", { timeZone: ZONE, hour: "2-digit", minute: "2-digit", second: "2-digit" });
const dateZh = new Intl.DateTimeFormat("zh-CN", { timeZone: ZONE, year: "numeric", month: "long", day: "numeric", weekday: "long" });
const dateEn = new Intl.DateTimeFormat("en-GB", { timeZone: ZONE, year: "numeric", month: "long", day: "numeric", weekday: "long" });

let ahead = 0; // the server's clock minus ours, in milliseconds

/** Take the server's word for what time it is. The way here only ever makes it late, so later is nearer the truth. */
export function set(serverNow) {
  const difference = serverNow - Date.now();
  if (difference > ahead || ahead - difference > SLACK_MS) ahead = difference;
}

export const now = () => Date.now() + ahead;
export const clockTime = (instant) => time.format(instant);
export const longDate = (instant) => ({ zh: dateZh.format(instant), en: dateEn.format(instant) });
