// What htmx could not do is said at the top of the page: in the hub's own words, or in ours when it gave none.
const place = document.getElementById("problem");
let isPassing = false; // A hub out of reach comes back by itself; every other message waits for the next try.

document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  if (xhr.status >= 400 && xhr.getResponseHeader("HX-Retarget")) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
    isPassing = false;
  }
});

function say(sentence) {
  const paragraph = document.createElement("p");
  paragraph.className = "notice bad";
  paragraph.textContent = sentence;
  place.replaceChildren(paragraph);
}

document.addEventListener("htmx:responseError", (event) => {
  const { status } = event.detail.xhr;
  isPassing = false;
  if (status === 403) say("This page is too old: you signed in again elsewhere. Reload it, nothing was done.");
  else say(`The hub could not do this (${status}). Reload the page before you repeat it.`);
});
document.addEventListener("htmx:sendError", () => {
  isPassing = true;
  say("The hub cannot be reached just now. What was started goes on there; this page will catch up.");
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful && (isPassing || event.target.matches("form"))) place.replaceChildren();
});
