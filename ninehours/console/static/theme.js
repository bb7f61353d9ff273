// Before anything is drawn: colors as the system has them, where nobody chose.
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => {
  const page = document.documentElement;
  if ("themeOfSystem" in page.dataset) page.dataset.bsTheme = dark.matches ? "dark" : "light";
};
follow();
dark.addEventListener("change", follow);
