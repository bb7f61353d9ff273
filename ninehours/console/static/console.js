// What forms do without it they do with it, too: rows by one key, and no wait between two of them.
// A form that is on its way is not sent twice.

const content = () => document.getElementById("content");
const rows = () => [...document.querySelectorAll("[data-row]")];
const rowOf = (element) => element?.closest?.("[data-row]");
const byKey = (row, key) => row?.querySelector(`button[data-key="${key}"]`);
const busy = (row) => row?.setAttribute("aria-busy", "true");
const expected = (row) =>
  Boolean(byKey(row, "i") && byKey(row, "e")) && !row.hasAttribute("aria-busy");

// What was said of rows, in order: the row's id, where it is sent, and what. The next row has the
// focus at once, whatever the services take.
const waiting = [];
let sending = false;

function focusOn(row) {
  const target = row?.querySelector("button, input:not([type=hidden])");
  (target ?? row)?.focus();
}

function next(row) {
  const all = rows();
  const begin = all.indexOf(row) + 1;
  return [...all.slice(begin), ...all.slice(0, begin)].find(expected);
}

function show(page, status) {
  const where = document.activeElement;
  const row = rowOf(where)?.id;
  const key = where?.dataset?.key;
  const typed = where?.tagName === "INPUT" ? where.value : null;
  const fresh = page.getElementById("content");
  content().replaceWith(document.adoptNode(fresh));
  document.title = page.title;
  offerPrint();
  const again = row && document.getElementById(row);
  if (status >= 400 || !again) {
    (content().querySelector("[autofocus]") ?? content()).focus();
    return;
  }
  const same = key && again.querySelector(`[data-key="${key}"]`);
  if (same && typed !== null) same.value = typed;
  if (same) same.focus();
  else focusOn(again);
}

async function send() {
  sending = true;
  while (waiting.length) {
    const [, action, body] = waiting[0];
    let answer;
    try {
      answer = await fetch(action, { method: "POST", body, redirect: "follow" });
    } catch {
      // Nobody answers at all: the browser says so, and keeps the form for "reload".
      waiting.length = 0;
      formOf(action, body).submit();
      break;
    }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    waiting.shift();
    if (answer.status >= 400) waiting.length = 0;
    show(page, answer.status);
    for (const [id] of waiting) busy(document.getElementById(id));
  }
  sending = false;
}

function formOf(action, body) {
  const form = document.createElement("form");
  form.method = "post";
  form.action = action;
  for (const [name, value] of body) {
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name, value });
    form.append(field);
  }
  document.body.append(form);
  return form;
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  const row = rowOf(form);
  if (!row) return;
  event.preventDefault();
  const wasExpected = expected(row);
  const body = new URLSearchParams(new FormData(form, event.submitter));
  const act = body.get("act") ?? byKey(row, "i")?.value ?? byKey(row, "o")?.value;
  body.set("act", act);
  waiting.push([row.id, form.action, body]);
  busy(row);
  if (wasExpected && act !== "undo") focusOn(next(row) ?? row);
  if (!sending) send();
});

addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});

const BESIDE = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 };

document.addEventListener("keydown", (event) => {
  const row = rowOf(event.target);
  if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.tagName === "INPUT") {
    if (event.key === "Escape") focusOn(row);
    return;
  }
  if (event.key in BESIDE) {
    const all = rows();
    focusOn(all[all.indexOf(row) + BESIDE[event.key]]);
  } else if (event.key === "t") {
    row.querySelector("input[data-key=t]")?.focus();
  } else if (event.key === "?") {
    const help = document.getElementById("help");
    help.open = true;
    help.querySelector("summary").focus();
  } else if (!byKey(row, event.key)) {
    return;
  } else {
    byKey(row, event.key).click();
  }
  event.preventDefault();
});

function offerPrint() {
  const button = document.getElementById("print");
  if (!button) return;
  button.hidden = false;
  button.addEventListener("click", () => print());
}

offerPrint();
