// Cards that are under way: one question to the hub for all of them, and seconds that count on the page itself.
const EVERY_MS = 1500;

const pending = () => document.querySelector("input[name=pending]") !== null;

setInterval(() => {
  if (pending() && !document.hidden) window.htmx.trigger("#poll", "hub:poll");
}, EVERY_MS);

document.addEventListener("visibilitychange", () => {
  if (pending() && !document.hidden) window.htmx.trigger("#poll", "hub:poll");
});

const title = document.title;

function inWords(seconds) {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

function count() {
  const clocks = document.querySelectorAll(".elapsed[data-since]");
  for (const clock of clocks) {
    const seconds = Math.max(0, Math.round((Date.now() - Date.parse(clock.dataset.since)) / 1000));
    clock.textContent = inWords(seconds);
  }
  for (const clock of document.querySelectorAll(".countdown[data-until]")) {
    clock.textContent = `about ${inWords(Math.max(1, Math.round((Date.parse(clock.dataset.until) - Date.now()) / 1000)))}`;
  }
  for (const bar of document.querySelectorAll("progress[data-since]")) {
    bar.value = Math.min((Date.now() - Date.parse(bar.dataset.since)) / 1000, bar.max);
  }
  document.title = clocks.length ? `(${clocks.length}) ${title}` : title;
}

setInterval(count, 1000);
document.addEventListener("htmx:afterSettle", count);
count();
