// Find stays one page of the browser's history: going back from a client asks for nothing again.
// Without this script the form answers a page of its own, and does the same.

const links = () => [...document.querySelectorAll("[data-found]")];

async function answer(form) {
  form.setAttribute("aria-busy", "true");
  const body = new URLSearchParams(new FormData(form));
  try {
    const found = await fetch(form.action, { method: "POST", body });
    const page = new DOMParser().parseFromString(await found.text(), "text/html");
    document.getElementById("content").replaceWith(
      document.adoptNode(page.getElementById("content")),
    );
    document.querySelector("#content [autofocus]")?.focus();
  } catch {
    form.submit(); // nobody answers: the browser says so
  }
}

document.addEventListener("submit", (event) => {
  if (event.target.id !== "find") return;
  event.preventDefault();
  answer(event.target);
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const field = document.getElementById("text");
  const all = links();
  const at = all.indexOf(event.target);
  if (event.key === "/" && event.target !== field) {
    field?.select();
  } else if (event.key === "ArrowDown" && (at >= 0 || event.target === field)) {
    all[at + 1]?.focus();
  } else if (event.key === "ArrowUp" && at >= 0) {
    (all[at - 1] ?? field).focus();
  } else {
    return;
  }
  event.preventDefault();
});
