// What the pages do beyond plain HTML: filters apply when they change, charts become interactive on a click, keys in the review queue.
"use strict";

document.addEventListener("change", (event) => {
  const form = event.target.closest("form.filters");
  if (form && event.target.matches("[data-submit]")) form.requestSubmit();
});

// Back shows a page with what its address says, not with what was chosen on the way out.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form.filters")) form.reset();
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// A form is sent once: a second click while the first is on its way does nothing. Downloads leave the page as it is: another format is another button.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  const button = `sent by ${event.submitter?.value ?? ""}`;
  if (form.dataset.sent === button) { event.preventDefault(); return; }
  form.dataset.sent = button;
  setTimeout(() => delete form.dataset.sent, 3000);
});

function loadVega(base) {
  if (!window.vegaLoading) {
    window.vegaLoading = new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = base + "/vega.js";
      script.onload = () => resolve(window.vegaEmbed);
      script.onerror = reject;
      document.head.append(script);
    });
  }
  return window.vegaLoading;
}

function makeInteractive(figure) {
  const button = figure.querySelector("button.interactive");
  button.hidden = false;
  button.addEventListener("click", async () => {
    button.disabled = true;
    const address = figure.dataset.chart;
    const embed = await loadVega(address.slice(0, address.indexOf("/chart/")));
    const chart = await (await fetch(address)).json();
    const place = document.createElement("div");
    const least = parseFloat(getComputedStyle(figure.querySelector("img")).minWidth) || 200;
    figure.querySelector("picture").replaceWith(place);
    chart.width = Math.max(place.clientWidth - 20, least);
    chart.autosize = { type: "fit-x", contains: "padding" };
    await embed(place, chart, { ast: true, actions: false, defaultStyle: false, renderer: "svg", tooltip: { disableDefaultStyle: true } });
    button.remove();
  });
}
for (const figure of document.querySelectorAll("figure.picture[data-chart]")) makeInteractive(figure);
document.addEventListener("htmx:afterSwap", (event) => {
  for (const figure of document.querySelectorAll("#" + CSS.escape(event.target.id) + " figure.picture[data-chart]")) makeInteractive(figure);
});

// One open explanation at a time; Escape closes it.
document.addEventListener("click", (event) => {
  for (const help of document.querySelectorAll("details.help[open]")) {
    if (!help.contains(event.target)) help.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") for (const help of document.querySelectorAll("details.help[open]")) help.open = false;
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input:not([type=radio]), textarea, select")) return;
  const wanted = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (!wanted) return;
  event.preventDefault();
  if (wanted.matches("input[type=radio]")) { wanted.checked = true; wanted.focus(); } else if (wanted.matches("textarea")) { wanted.focus(); } else { wanted.click(); }
});
