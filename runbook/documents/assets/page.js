// Filters by result and host, links that open what they lead to, and what is drawn only when it is opened. The page is
// whole without it.
"use strict";
const form = document.querySelector(".filters");
const hosts = [...document.querySelectorAll(".host[data-host]")];

// Of a large page most stands in noscript elements, which are text to a browser that runs this.
function draw(details) {
  const later = details.querySelector(":scope > noscript");
  if (!later) return;
  const inside = document.createElement("template");
  inside.innerHTML = later.textContent;
  later.replaceWith(inside.content);
  if (details.matches(".host")) sift(details, wanted());
}

function wanted() {
  const boxes = [...form.querySelectorAll("[name=status]")];
  const off = new Set(boxes.filter((box) => !box.checked).map((box) => box.value));
  const only = form.host ? form.host.value : "";
  return (host, status) => (!only || host.dataset.host === only) && !off.has(status);
}

// Hides the steps of a host that are not wanted; gives how many are shown, of how many.
function sift(host, wants) {
  let shown = 0;
  let all = 0;
  const steps = host.querySelectorAll(":scope > .step");
  for (const step of steps) {
    step.hidden = !wants(host, step.classList[1]);
    shown += !step.hidden;
    all += 1;
  }
  if (steps.length) return [shown, all];
  for (const told of (host.dataset.steps || "").split(" ").filter(Boolean)) {
    const [status, count] = told.split(":");
    all += Number(count);
    if (wants(host, status)) shown += Number(count);
  }
  return [shown, all];
}

function filter() {
  const wants = wanted();
  let shown = 0;
  let all = 0;
  for (const host of hosts) {
    const [some, every] = sift(host, wants);
    host.hidden = !some;
    shown += some;
    all += every;
  }
  for (const stage of document.querySelectorAll(".stage")) {
    stage.hidden = !stage.querySelector(".host:not([hidden])");
  }
  form.querySelector("output").value = shown < all ? `${shown} of ${all} steps` : "";
}

function openAll(open) {
  // Hosts first: what they hold is there once they are drawn.
  for (const all of [".stage details", ".stage details"]) {
    for (const one of document.querySelectorAll(all)) {
      if (open) draw(one);
      one.open = open;
    }
  }
}

function reveal() {
  const id = decodeURIComponent(location.hash.slice(1));
  if (!id) return;
  const there = document.getElementById(id);
  if (!there) {
    const [key] = id.split("-");
    for (const host of hosts) if (host.dataset.key === key) draw(host);
    for (const step of document.querySelectorAll(".step")) if (id.startsWith(`${step.id}.`)) draw(step);
  }
  const target = document.getElementById(id);
  if (!target) return;
  if (!there) location.replace(location.hash); // else it is not the target that the style marks
  for (let one = target; one; one = one.parentElement) {
    one.hidden = false;
    if (one.tagName !== "DETAILS") continue;
    draw(one);
    one.open = true;
  }
  target.scrollIntoView();
}

form.hidden = false;
form.addEventListener("change", filter);
form.addEventListener("click", (event) => {
  const open = event.target.dataset.open;
  if (open !== undefined) openAll(Boolean(open));
});
document.addEventListener("toggle", (event) => event.target.open && draw(event.target), true);
addEventListener("hashchange", reveal);
addEventListener("beforeprint", () => openAll(true));
for (const one of document.querySelectorAll("time")) {
  one.title = new Date(one.dateTime).toLocaleString();
}
reveal();
