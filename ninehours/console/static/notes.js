// What is typed is kept as it goes, text by text; Ctrl+Enter signs. Without script there is a button for each.

const PAUSE = 1500; // milliseconds without a key
const form = document.getElementById("writing");
const timers = new Map();
const unkept = new Set();
let keeping = Promise.resolve();

async function keep(field) {
  clearTimeout(timers.get(field));
  if (!unkept.delete(field)) return;
  const body = new URLSearchParams({ quiet: "yes", [field.name]: field.value });
  for (const hidden of form.querySelectorAll("input[type=hidden]")) {
    body.set(hidden.name, hidden.value);
  }
  const told = document.getElementById("kept");
  try {
    const answer = await fetch("/my-day/notes/draft", { method: "POST", body });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    told.textContent = page.querySelector("[data-kept], [role=alert]")?.textContent ?? "";
    if (!answer.ok) unkept.add(field);
  } catch {
    unkept.add(field); // the next change tries it again
  }
}

form?.addEventListener("input", (event) => {
  const field = event.target;
  if (!field.matches("[data-drafted]")) return;
  unkept.add(field);
  clearTimeout(timers.get(field));
  timers.set(field, setTimeout(() => (keeping = keeping.then(() => keep(field))), PAUSE));
});

form?.addEventListener("change", (event) => {
  keeping = keeping.then(() => keep(event.target));
});

form?.addEventListener("submit", () => {
  for (const timer of timers.values()) clearTimeout(timer);
  unkept.clear();
});

form?.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  form.querySelector("button[value=sign]").click();
});
