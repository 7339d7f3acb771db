// Halls by distance. Where the phone is stays in the phone: asked for on a press, compared here and forgotten.

const EARTH_M = 6_371_000;
const PATIENCE_MS = 15_000;
const ASKED = { timeout: PATIENCE_MS, maximumAge: 300_000 };

const radians = (degrees) => (degrees * Math.PI) / 180;

/** The distance on the globe in metres (haversine). */
function metres(a, b) {
  const north = radians(b.latitude - a.latitude) / 2;
  const east = radians(b.longitude - a.longitude) / 2;
  const across = Math.cos(radians(a.latitude)) * Math.cos(radians(b.latitude));
  return 2 * EARTH_M * Math.asin(Math.min(1, Math.sqrt(Math.sin(north) ** 2 + across * Math.sin(east) ** 2)));
}

const list = document.querySelector("[data-halls]");
const offer = document.querySelector("[data-nearest]");
const said = document.querySelector("[data-said-here]");

function away(hall, here) {
  if (!hall.dataset.latitude) return Infinity;
  return metres(here, { latitude: Number(hall.dataset.latitude), longitude: Number(hall.dataset.longitude) });
}

function say(distance) {
  if (distance === Infinity) return "";
  if (distance < 950) return said.dataset.metres.replace("{n}", Math.max(50, Math.round(distance / 50) * 50));
  const kilometres = distance / 1000;
  return said.dataset.kilometres.replace("{n}", kilometres < 10 ? kilometres.toFixed(1) : Math.round(kilometres));
}

/** Halls with places first, the nearer before the further; those that do not say where they are come last. */
function sort(here) {
  const full = (hall) => hall.hasAttribute("data-full");
  const halls = [...list.children].map((hall) => ({ hall, distance: away(hall, here) }));
  halls.sort((one, other) => full(one.hall) - full(other.hall) || one.distance - other.distance || 0);
  for (const { hall, distance } of halls) hall.querySelector("[data-distance]").textContent = say(distance);
  list.append(...halls.map(({ hall }) => hall));
}

if (offer && navigator.geolocation) {
  offer.hidden = false;
  const button = offer.querySelector("button");
  button.addEventListener("click", () => {
    button.disabled = true;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        sort(coords);
        said.textContent = said.dataset.said;
        button.disabled = false;
      },
      (error) => {
        said.textContent = error.code === error.PERMISSION_DENIED ? said.dataset.denied : said.dataset.unknown;
        button.disabled = false;
      },
      ASKED,
    );
  });
}
