// Before the first paint: scripts are on, and "auto" becomes what the system asks for.
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const wish = root.dataset.theme;
    root.dataset.bsTheme = wish === "auto" ? (dark.matches ? "dark" : "light") : wish;
    document.dispatchEvent(new Event("yutang:theme"));
  };
  root.classList.add("js");
  apply();
  dark.addEventListener("change", apply);
})();
