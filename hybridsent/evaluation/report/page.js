(function () {
  "use strict";
  var root = document.documentElement, button = document.querySelector("button.theme");
  if (!button || !window.matchMedia) { return; }
  var dark = window.matchMedia("(prefers-color-scheme: dark)");
  function now() { return root.dataset.theme || (dark.matches ? "dark" : "light"); }
  function label() {
    button.textContent = now() === "dark" ? button.dataset.light : button.dataset.dark;
  }
  button.hidden = false;
  button.addEventListener("click", function () {
    root.dataset.theme = now() === "dark" ? "light" : "dark";
    label();
  });
  dark.addEventListener("change", label);
  label();
})();
