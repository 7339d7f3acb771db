// By day screens are light and by night dark, by the halls' clock, unless the page was asked for in one of the two.

import { clockTime } from "./clock.js";

const DAY = ["07:00", "18:00"];

const dark = document.querySelector("link[media*=prefers-color-scheme]");

/** To be called now and then with the halls' time in ms. */
export function night(now) {
  const time = clockTime(now).slice(0, 5);
  const media = time < DAY[0] || time >= DAY[1] ? "all" : "not all";
  if (dark && dark.media !== media) dark.media = media;
}
