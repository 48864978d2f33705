// Filters by status and host. The page is whole without it.
const form = document.querySelector(".filters");
form.hidden = false;
form.addEventListener("change", () => {
  const on = new Set([...form.querySelectorAll("[data-status]:checked")].map((box) => box.dataset.status));
  const known = new Set([...form.querySelectorAll("[data-status]")].map((box) => box.dataset.status));
  for (const step of document.querySelectorAll(".onhost > .step")) {
    const statuses = [step, ...step.querySelectorAll(".step")].map((one) => one.dataset.status);
    step.classList.toggle("hide", !statuses.some((status) => on.has(status) || !known.has(status)));
  }
  const host = form.querySelector("select[data-host]")?.value;
  for (const part of document.querySelectorAll(".onhost")) {
    part.classList.toggle("hide", Boolean(host) && part.dataset.host !== host);
  }
});
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((one) => (one.open = true)));
