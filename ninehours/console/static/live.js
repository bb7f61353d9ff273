// What others record shows by itself. Of all tabs of a browser that are looked at, one listens, and
// tells the others which ids changed; each asks for its own page again, and shows the rows that are
// another now. The focus stays where it is, and what is typed stays typed.

const CHANNEL = new BroadcastChannel("ninehours-live");
const HALF_A_MINUTE = 30_000;
const MOMENT = 3_000; // a stream that ends and begins again is not lost

const place = () => document.getElementById("live");
const shown = () => place()?.dataset.of.split(" ") ?? [];

let source = null; // of the tab that listens
let wanted = new Set();
let stop = null;
let heard = ""; // nothing yet
let losing = null;

function say(state) {
  heard = state;
  for (const each of place()?.querySelectorAll("[data-heard]") ?? []) {
    each.hidden = each.dataset.heard !== state;
  }
}

function hear({ kind, names }) {
  clearTimeout(losing);
  if (kind === "changed") {
    const ids = new Set(shown());
    if (!names.some((name) => name.split("/").some((id) => ids.has(id)))) return;
  } else if (kind === "lost") {
    losing = setTimeout(say, MOMENT, "lost");
    return;
  } else {
    say(kind);
  }
  if (kind !== "over") look();
}

function tell(message) {
  CHANNEL.postMessage(message);
  hear(message);
}

function listen() {
  source?.close();
  const opened = new EventSource(`/live?of=${[...wanted].join(",")}`);
  source = opened;
  for (const kind of ["changed", "anything", "lost", "over"]) {
    opened.addEventListener(kind, (event) => {
      if (kind === "over") opened.close();
      tell({ kind, names: event.data.split(" ") });
    });
  }
  opened.onerror = () => {
    tell({ kind: "lost" });
    if (opened.readyState !== EventSource.CLOSED) return;
    setTimeout(() => source === opened && listen(), HALF_A_MINUTE);
  };
}

function want(ids) {
  const others = ids.filter((id) => !wanted.has(id));
  for (const id of others) wanted.add(id);
  if (others.length) listen();
}

CHANNEL.addEventListener("message", ({ data }) => {
  if (document.hidden) return;
  if (data.kind === "who") CHANNEL.postMessage({ kind: "shown", ids: shown() });
  else if (data.kind !== "shown") hear(data);
  else if (source) want(data.ids);
});

async function lead(signal) {
  try {
    await navigator.locks.request("ninehours-live", { signal }, () => {
      wanted = new Set(shown());
      listen();
      CHANNEL.postMessage({ kind: "who" });
      return new Promise((resolve) => signal.addEventListener("abort", resolve));
    });
  } catch {
    // Given up before it came to it.
  }
}

function begin() {
  if (document.hidden || stop || !place()) return;
  losing = setTimeout(say, MOMENT, "lost");
  stop = new AbortController();
  CHANNEL.postMessage({ kind: "shown", ids: shown() });
  lead(stop.signal);
}

function end() {
  stop?.abort();
  stop = null;
  source?.close();
  source = null;
}

let looking = false;
let lookedFor = false;

async function look() {
  if (document.hidden || !place()) return;
  lookedFor = true;
  if (looking) return;
  looking = true;
  while (lookedFor) {
    lookedFor = false;
    await lookOnce();
    await new Promise((resolve) => setTimeout(resolve, 1000 * (place()?.dataset.pause ?? 0)));
  }
  looking = false;
}

async function lookOnce() {
  const before = sent;
  let answer;
  try {
    answer = await fetch(place().dataset.at, { headers: { "ninehours-by-itself": "yes" } });
  } catch {
    return; // the stream says that it is lost
  }
  if (answer.status === 401) say("over");
  if (answer.status !== 200) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  // Of what is being said here the answer shows all.
  if (waiting.length || sending || sent !== before) return;
  // What comes later takes no focus.
  for (const each of page.querySelectorAll("[autofocus]")) each.removeAttribute("autofocus");
  if (!document.getElementById("find") && page.getElementById("find")) {
    document.getElementById("finding").replaceWith(page.getElementById("finding"));
    offerButtons();
  }
  const [help, keys] = [document, page].map((each) => each.getElementById("help"));
  if (help && keys && help.dataset.keys !== keys.dataset.keys && !isBusy(help)) {
    keys.open = help.open;
    help.replaceWith(document.adoptNode(keys));
  }
  const sections = [...page.querySelectorAll("#rows > section")];
  const ids = new Set(sections.map((fresh) => fresh.id));
  let previous = null;
  for (const fresh of sections) {
    merge(fresh, previous);
    previous = document.getElementById(fresh.id);
  }
  for (const mine of document.querySelectorAll("#rows > section")) {
    if (!ids.has(mine.id) && !isBusy(mine)) mine.remove();
  }
  if (place()) place().dataset.of = page.getElementById("live")?.dataset.of ?? place().dataset.of;
  if (source) want(shown());
}

// Rows in which somebody is at work, as they are now: shown once they leave them.
const later = new Map();

const isBusy = (element) =>
  element.contains(document.activeElement) ||
  [...element.querySelectorAll("input:not([type=hidden])")].some(
    (field) => field.value !== field.defaultValue,
  );

function merge(fresh, previous) {
  const mine = document.getElementById(fresh.id);
  if (!mine) {
    const rows = document.getElementById("rows");
    rows.insertBefore(document.adoptNode(fresh), previous ? previous.nextSibling : rows.firstChild);
    for (const row of fresh.querySelectorAll("[data-row]")) mark(row);
    tellOf(fresh);
    return;
  }
  if (mine.dataset.version !== fresh.dataset.version && !isBusy(mine)) {
    mine.replaceWith(document.adoptNode(fresh));
    return;
  }
  const count = mine.querySelector("[role=status]");
  const counted = fresh.querySelector("[role=status]");
  if (count && counted && count.textContent !== counted.textContent) {
    count.textContent = counted.textContent;
  }
  const all = [...fresh.querySelectorAll("[data-row]")];
  const ids = new Set(all.map((row) => row.id));
  let above = null;
  for (const row of all) {
    const there = document.getElementById(row.id);
    if (there) mergeRow(there, row);
    else if (above) above.after(mark(document.adoptNode(row)));
    else mine.querySelector("tbody")?.prepend(mark(document.adoptNode(row)));
    above = document.getElementById(row.id);
  }
  for (const row of mine.querySelectorAll("[data-row]")) {
    if (!ids.has(row.id) && !isBusy(row)) row.remove();
  }
}

// A group that was added: where it is, for whoever wants to go there.
function tellOf(section) {
  const added = document.getElementById("added");
  const heading = section.querySelector("h2");
  if (!added || !heading) return;
  const link = added.querySelector("a");
  link.href = `#${heading.id}`;
  link.textContent = heading.textContent;
  added.hidden = false;
}

function mergeRow(there, fresh) {
  if (there.dataset.version === fresh.dataset.version) return;
  if (!isBusy(there)) {
    there.replaceWith(mark(document.adoptNode(fresh)));
    return;
  }
  later.set(there.id, fresh.cloneNode(true));
  const cells = [...fresh.cells];
  for (const [at, cell] of [...there.cells].entries()) {
    if (!("acts" in cell.dataset) && !cell.contains(document.activeElement)) cell.replaceWith(document.adoptNode(cells[at]));
  }
  there.dataset.version = fresh.dataset.version;
  mark(there);
}

function mark(row) {
  if (row.querySelector("[data-mark]")) return row;
  const badge = document.createElement("span");
  badge.className = "badge text-bg-info ms-1 d-print-none";
  badge.dataset.mark = "";
  badge.textContent = place().dataset.changed;
  row.querySelector("th").append(badge);
  row.classList.add("table-active");
  return row;
}

document.addEventListener("focusout", (event) => {
  const row = event.target.closest("[data-row]");
  if (!row || row.contains(event.relatedTarget)) return;
  const fresh = later.get(row.id);
  if (fresh) {
    // Once the focus is where it goes.
    setTimeout(() => {
      if (!row.isConnected || isBusy(row)) return;
      later.delete(row.id);
      row.replaceWith(mark(fresh));
    });
  }
});

document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    end();
  } else {
    begin();
    look();
  }
});
addEventListener("pagehide", end);
addEventListener("pageshow", begin);
document.addEventListener("shown", () => {
  later.clear();
  if (heard) say(heard);
  if (source) want(shown());
  else begin();
});
begin();
setInterval(() => heard === "lost" && look(), HALF_A_MINUTE);
