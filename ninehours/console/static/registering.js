// While somebody is typed, who may be here already stands below. Without this script a button does it.

const ASKED = ["identity.family_name", "identity.given_name", "identity.birth_date", "contacts.phone"];
const REST = 600; // milliseconds without a key
let waiting;
let asking;

async function compare(form) {
  asking?.abort();
  asking = new AbortController();
  const body = new URLSearchParams(new FormData(form));
  body.set("step", "compare");
  try {
    const answer = await fetch(form.action, { method: "POST", body, signal: asking.signal });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("doubles");
    const shown = document.getElementById("doubles");
    if (fresh && shown && !shown.contains(document.activeElement)) {
      fresh.querySelector("[autofocus]")?.removeAttribute("autofocus"); // one types on
      shown.replaceChildren(...document.adoptNode(fresh).childNodes);
    }
  } catch {
    // Typed on meanwhile, or nobody answers: the form itself will say so.
  }
}

document.addEventListener("input", (event) => {
  if (!ASKED.includes(event.target.name)) return;
  clearTimeout(waiting);
  waiting = setTimeout(() => compare(event.target.form), REST);
});
