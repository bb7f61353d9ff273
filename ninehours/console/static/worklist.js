// Rows by one key, orders and filters by another. Every one of them is a link or a button, too.

const items = () => [...document.querySelectorAll("[data-item]")];
const BESIDE_ITEM = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 };

function toItem(by) {
  const all = items();
  const at = all.findIndex((row) => row.contains(document.activeElement));
  const row = at < 0 ? all[by > 0 ? 0 : all.length - 1] : all[at + by];
  (row?.querySelector("a, button") ?? row)?.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches("input, select, textarea")) return;
  if (event.key in BESIDE_ITEM) {
    toItem(BESIDE_ITEM[event.key]);
  } else if (event.key === "f") {
    document.querySelector("#filters select").focus();
  } else if (event.key === "?") {
    const help = document.getElementById("help");
    help.open = true;
    help.querySelector("summary").focus();
  } else {
    const link = document.querySelector(`a[data-key="${event.key}"]`);
    if (!link) return;
    link.click();
  }
  event.preventDefault();
});
