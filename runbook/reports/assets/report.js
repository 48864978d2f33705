// Filters by result and host, and links that open what they lead to. The page is whole without it.
"use strict";
const form = document.querySelector(".filters");
const hosts = [...document.querySelectorAll(".host[data-host]")];

function filter() {
  const boxes = [...form.querySelectorAll("[name=status]")];
  const hidden = new Set(boxes.filter((box) => !box.checked).map((box) => box.value));
  const only = form.host ? form.host.value : "";
  let shown = 0;
  let all = 0;
  for (const host of hosts) {
    const wanted = !only || host.dataset.host === only;
    let any = false;
    for (const step of host.querySelectorAll(":scope > .step")) {
      const visible = wanted && !hidden.has(step.dataset.status);
      step.hidden = !visible;
      any ||= visible;
      shown += visible;
      all += 1;
    }
    host.hidden = !any;
  }
  for (const stage of document.querySelectorAll(".stage")) {
    stage.hidden = !stage.querySelector(".host:not([hidden])");
  }
  form.querySelector("output").value = shown < all ? `${shown} of ${all} steps` : "";
}

function reveal() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  for (let one = target; one; one = one.parentElement) {
    one.hidden = false;
    if (one.tagName === "DETAILS") one.open = true;
  }
  target.scrollIntoView();
}

form.hidden = false;
form.addEventListener("change", filter);
form.addEventListener("click", (event) => {
  const open = event.target.dataset.open;
  if (open === undefined) return;
  for (const one of document.querySelectorAll(".stage details")) one.open = Boolean(open);
});
addEventListener("hashchange", reveal);
addEventListener("beforeprint", () => {
  for (const one of document.querySelectorAll(".stage details")) one.open = true;
});
for (const one of document.querySelectorAll("time")) {
  one.title = new Date(one.dateTime).toLocaleString();
}
if (location.hash) reveal();
