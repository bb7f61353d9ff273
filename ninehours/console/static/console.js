// What forms do without it they do with it, too: rows by one key, and no wait between two of them.
// A form that is on its way is not sent twice.

const content = () => document.getElementById("content");
const rows = () => [...document.querySelectorAll("[data-row]")];
const rowOf = (element) => element?.closest?.("[data-row]");
const byKey = (row, key) => row?.querySelector(`:is(a, button)[data-key="${key}"]`);
const busy = (row) => row?.setAttribute("aria-busy", "true");
const expected = (row) =>
  Boolean(byKey(row, "i") && byKey(row, "e")) && !row.hasAttribute("aria-busy");

// What was said of rows, in order: the row's id, where it is sent, and what. The next row has the
// focus at once, whatever the services take.
const waiting = [];
let sending = false;
let sent = 0;

function focusOn(row) {
  const target = row?.querySelector("button, input:not([type=hidden])");
  if (target) target.focus();
  else rest(row);
}

// Its keys work, and Enter says nothing: of what is a row of now another button has the place.
function rest(row) {
  if (!row) return;
  row.tabIndex = -1;
  row.focus();
}

function next(row) {
  const all = rows();
  const begin = all.indexOf(row) + 1;
  return [...all.slice(begin), ...all.slice(0, begin)].find(expected);
}

// What billing doesn't tell now stands as it was told last.
function keepTold(fresh) {
  for (const cell of fresh.querySelectorAll('[data-told=""]')) {
    const row = document.getElementById(rowOf(cell).id);
    const told = row?.querySelector('[data-told="yes"]');
    if (told) cell.replaceWith(told.cloneNode(true));
  }
}

function show(page, status) {
  const where = document.activeElement;
  const row = rowOf(where)?.id;
  const key = where?.dataset?.key;
  const typed = where?.tagName === "INPUT" ? where.value : null;
  const fresh = page.getElementById("content");
  keepTold(fresh);
  content().replaceWith(document.adoptNode(fresh));
  document.title = page.title;
  offerButtons();
  document.dispatchEvent(new Event("shown"));
  const again = row && document.getElementById(row);
  if (status >= 400 || !again) {
    (content().querySelector("[autofocus]") ?? content()).focus();
    return;
  }
  const same = key && again.querySelector(`[data-key="${key}"]`);
  if (same && typed !== null) same.value = typed;
  if (same) same.focus();
  else if (row === where.id || key) rest(again);
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

// Of whom a row is here, the rows; whom else it may be, the services are asked.
function found(form, everybody) {
  const words = form.elements.sought.value.toLocaleLowerCase().split(/[\s,]+/).filter(Boolean);
  const named = (row) => {
    const name = row.querySelector("th").textContent.toLocaleLowerCase();
    return words.length > 0 && words.every((word) => name.includes(word));
  };
  return everybody ? undefined : rows().find(named);
}

async function find(form, body) {
  let answer;
  try {
    answer = await fetch(form.action, { method: "POST", body });
  } catch {
    form.submit();
    return;
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("found");
  delete form.dataset.sent;
  if (!fresh) {
    show(page, answer.status);
    return;
  }
  document.getElementById("found").replaceWith(document.adoptNode(fresh));
  (fresh.querySelector("[autofocus]") ?? form.elements.sought).focus();
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  if (form.id === "find") {
    const row = found(form, event.submitter?.name === "everybody");
    event.preventDefault();
    if (row) {
      focusOn(row);
      return;
    }
    form.dataset.sent = "yes";
    find(form, new URLSearchParams(new FormData(form)));
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
  sent += 1;
  busy(row);
  const onward = wasExpected && act !== "undo" ? next(row) : null;
  if (onward) focusOn(onward);
  else rest(row);
  if (!sending) send();
});

addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});

// Where Enter says nothing yet: it goes to the next field, and after the last to the button.
function goesOn(event) {
  const form = event.target.form;
  if (event.key !== "Enter" || !form || !("enterGoesOn" in form.dataset)) return;
  const stops = [...form.querySelectorAll("input:not([type=hidden]), select, button:not([tabindex])")];
  const to = stops[stops.indexOf(event.target) + 1];
  to?.focus();
  if (to?.tagName === "INPUT") to.select();
  event.preventDefault();
}

const BESIDE = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 };

// Wherever the focus is: what they press or lead to says so by `data-key`.
const ANYWHERE = /^[/[\]sx?]$/;

function anywhere(event, row) {
  const at = `:is(a, input, select, summary)[data-key="${event.key}"]`;
  const target = ANYWHERE.test(event.key)
    ? (row?.closest("section")?.querySelector(at) ?? content().querySelector(at))
    : null;
  if (!target) return false;
  if (target.tagName === "A") target.click();
  else if (target.tagName === "SUMMARY") target.parentElement.open = true;
  else if (target.tagName === "INPUT") target.select();
  target.focus();
  event.preventDefault();
  return true;
}

// Where none is typed it says why, and no button has the focus while somebody types one.
function toTime(row) {
  const field = row.querySelector("input[data-key=t]");
  if (field) {
    field.focus();
    return;
  }
  rest(row);
  const told = document.getElementById("rows")?.dataset;
  if (!told || row.querySelector("[data-no-time]")) return;
  const why = document.createElement("p");
  why.className = "mb-0";
  why.dataset.noTime = "";
  why.role = "alert";
  why.textContent = byKey(row, "u") ? told.notTimed : told.notSaid;
  row.querySelector("[data-acts]").append(why);
}

document.addEventListener("keydown", (event) => {
  const row = rowOf(event.target);
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (["INPUT", "SELECT", "TEXTAREA"].includes(event.target.tagName)) {
    goesOn(event);
    if (event.key === "Enter" && event.target.matches("form[method=get] select")) {
      event.target.form.requestSubmit();
      event.preventDefault();
    }
    if (event.key === "Escape") focusOn(row ?? rows().find(expected) ?? rows()[0]);
    return;
  }
  if (anywhere(event, row) || !row) return;
  if (event.key in BESIDE) {
    const all = rows();
    focusOn(all[all.indexOf(row) + BESIDE[event.key]]);
  } else if (event.key === "t") {
    toTime(row);
  } else if (!byKey(row, event.key)) {
    return;
  } else {
    byKey(row, event.key).click();
  }
  event.preventDefault();
});

function offerButtons() {
  const everybody = document.querySelector("#find [name=everybody]");
  if (everybody) everybody.hidden = false;
  const button = document.getElementById("print");
  if (!button) return;
  button.hidden = false;
  button.addEventListener("click", () => print());
}

offerButtons();

document.querySelector("form[data-send-now]")?.requestSubmit();
