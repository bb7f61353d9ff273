// Keeps what is answered, answer by answer: what the button "keep" does, without leaving the page.

const form = document.getElementById("assess");
const says = document.getElementById("keeping");

// One is on its way at a time; of those that came meanwhile the last one has them all.
let sending = false;
let again = false;
const leaving = new AbortController();

async function keep() {
  if (sending) {
    again = true;
    return;
  }
  sending = true;
  says.textContent = form.dataset.keeping;
  const body = new URLSearchParams(new FormData(form));
  body.set("act", "keep");
  let outcome = form.dataset.notKept;
  try {
    const answer = await fetch(form.action, { method: "POST", body, redirect: "manual", signal: leaving.signal });
    if (answer.type === "opaqueredirect") outcome = form.dataset.kept;
    else if (answer.status === 401) outcome = form.dataset.over;
  } catch {
    // Nobody answers: said below.
  }
  says.textContent = outcome;
  sending = false;
  if (again) {
    again = false;
    keep();
  }
}

form.addEventListener("change", keep);
// What is sent itself needs no keeping, and a draft of it would outlive it.
form.addEventListener("submit", () => {
  again = false;
  leaving.abort();
});
