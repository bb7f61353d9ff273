// A form's answer takes the page's place, and the browser's history has one page of both: going back sends nothing
// again, and asks nobody whether to. Without this script a form answers a page of its own, and does the same.

async function answer(form, submitter) {
  form.setAttribute("aria-busy", "true");
  const to = form.getAttribute("action"); // a field may be called so, too
  const body = new URLSearchParams(new FormData(form, submitter));
  try {
    const answered = await fetch(to, { method: "POST", body });
    if (answered.redirected) {
      location.assign(answered.url + form.dataset.inPlace); // addresses that are told lack where in the page
    } else if (answered.status === 401) {
      formOf(to, body).submit(); // signing in is a page of its own, with what was typed
    } else {
      show(new DOMParser().parseFromString(await answered.text(), "text/html"), answered.status);
    }
  } catch {
    formOf(to, body).submit(); // nobody answers: the browser says so
  }
}

document.addEventListener("submit", (event) => {
  if (!("inPlace" in event.target.dataset) || event.defaultPrevented) return;
  event.preventDefault();
  answer(event.target, event.submitter);
});
