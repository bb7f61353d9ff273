// Rows by one key; links by others: of the row that is looked at, else of the page. Every one of them is a link or a
// button, too.

const items = () => [...document.querySelectorAll("[data-item]")];
const looked = () => items().findIndex((row) => row.contains(document.activeElement));
const current = () => items().findIndex((row) => row.querySelector("[aria-current]"));
const BESIDE_ITEM = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 };

function toItem(by) {
  const all = items();
  const at = looked() < 0 ? current() : looked();
  const row = at < 0 ? all[by > 0 ? 0 : all.length - 1] : all[at + by];
  (row?.querySelector("a, button") ?? row)?.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches("input, select, textarea")) return;
  if (event.key in BESIDE_ITEM) {
    toItem(BESIDE_ITEM[event.key]);
  } else if (event.key === "f" && document.getElementById("filters")) {
    document.querySelector("#filters select").focus();
  } else if (event.key === "?") {
    const help = document.getElementById("help");
    help.open = true;
    help.querySelector("summary").focus();
  } else {
    const keyed = `a[data-key="${CSS.escape(event.key)}"]`;
    const link = items()[looked()]?.querySelector(keyed) ?? document.querySelector(keyed);
    if (!link) return;
    link.click();
  }
  event.preventDefault();
});
