// Light, dark or automatic, remembered in this browser. Loaded before the first paint, so that nothing flashes.
(() => {
  const root = document.documentElement;
  const read = () => {
    try {
      return localStorage.getItem("theme") || "";
    } catch {
      return ""; // Storage can be forbidden; the automatic choice then stands.
    }
  };
  const apply = (theme) => {
    if (theme) root.dataset.theme = theme;
    else delete root.dataset.theme;
  };
  apply(read());
  document.addEventListener("DOMContentLoaded", () => {
    const choice = document.getElementById("theme");
    if (!choice) return;
    choice.value = read();
    choice.addEventListener("change", () => {
      apply(choice.value);
      try {
        localStorage.setItem("theme", choice.value);
      } catch {
        // The choice then lasts as long as the page.
      }
    });
  });
})();
