// Who was found is gone through by keys; each is a link, too.

const links = () => [...document.querySelectorAll("[data-found]")];

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
