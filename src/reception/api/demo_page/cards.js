// What the front desk did, as cards. Times are shown as the business's own wall clock, whatever the browser's zone.

const TITLES = {
  "reservation.held": "Holding a place for you",
  "reservation.created": "Booked",
  "reservation.updated": "Reservation changed",
  "reservation.moved": "Reservation changed",
  "reservation.cancelled": "Reservation cancelled",
  "lead.created": "Passed on to the team",
  "message.taken": "Message taken",
  "handoff.requested": "Handing over to a person",
};

const CALM = new Set(["reservation.held", "handoff.requested"]);

function wallClock(text) {
  const parts = /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2}))?/.exec(String(text ?? ""));
  if (!parts) return null;
  const [, year, month, day, hour = "0", minute = "0"] = parts;
  const date = new Date(Date.UTC(+year, +month - 1, +day, +hour, +minute));
  const format = (options) => new Intl.DateTimeFormat("en-US", { timeZone: "UTC", ...options }).format(date);
  return {
    day: format({ weekday: "long", month: "long", day: "numeric" }),
    time: parts[4] ? format({ hour: "numeric", minute: "2-digit" }) : "",
  };
}

const spaced = (phone) => phone?.replace(/^\+1(\d{3})(\d{3})(\d{4})$/, "+1 $1 $2 $3");

function rowsOf(data) {
  const starts = wallClock(data.starts_at ?? data.date);
  const ends = wallClock(data.ends_at);
  const guest = data.guest ?? {};
  const party = data.party_size;
  const nights = Number(data.nights ?? 0);
  return [
    ["When", starts && [starts.day, nights ? "" : starts.time].filter(Boolean).join(", ")],
    ["Until", nights && ends ? ends.day : null],
    ["Party", party ? `${party} ${party === 1 ? "guest" : "guests"}` : null],
    ["Nights", nights || null],
    ["Place", data.place],
    ["Name", data.name ?? data.guest_name ?? guest.name],
    ["Phone", spaced(data.phone ?? guest.phone)],
    ["About", data.summary ?? data.message],
    ["To", data.target],
  ].filter(([, value]) => value);
}

export function actionCard(name, data) {
  const card = document.createElement("section");
  card.className = `card ${CALM.has(name) ? "calm" : name.endsWith("cancelled") ? "undone" : "done"}`;
  const title = document.createElement("h3");
  title.textContent = TITLES[name] ?? name.replaceAll(".", " ").replaceAll("_", " ");
  card.append(title);
  if (data.reference) {
    const reference = document.createElement("p");
    reference.className = "reference";
    const label = document.createElement("span");
    label.className = "visually-hidden";
    label.textContent = "Reference ";
    reference.append(label, String(data.reference));
    card.append(reference);
  }
  const list = document.createElement("dl");
  for (const [term, value] of rowsOf(data)) {
    const pair = document.createElement("div");
    pair.append(document.createElement("dt"), document.createElement("dd"));
    pair.firstChild.textContent = term;
    pair.lastChild.textContent = String(value);
    list.append(pair);
  }
  card.append(list);
  return card;
}
