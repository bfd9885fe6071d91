// Keeps a page's live part fresh, and lets a select switch at once. Without it every page still works, on reload.
const POLL_MS = 1500;

const live = document.querySelector("[data-live]");
if (live) setInterval(() => document.hidden || refresh(live), POLL_MS);
for (const select of document.querySelectorAll("select[data-submit]")) {
  select.addEventListener("change", () => select.form.requestSubmit());
}
if (location.hash === "#dials") document.getElementById("dials")?.showPopover();
toTheEnd();

async function refresh(region) {
  const query = new URLSearchParams(region.dataset.query);
  query.set("version", region.dataset.version);
  const answer = await fetch(`/_sandbox/feed?${query}`).catch(() => null);
  if (answer?.status !== 200) return;
  const { version, html } = await answer.json();
  const kept = remember(region);
  region.innerHTML = html; // rendered by the simulator's own templates, which escape
  region.dataset.version = version;
  restore(region, kept);
}

// What a swap must not disturb: what is open, what has the focus and was typed, and how far one has scrolled.
function remember(region) {
  const active = region.contains(document.activeElement) ? document.activeElement : null;
  return {
    open: [...region.querySelectorAll("details[open][id]")].map((details) => details.id),
    focus: active?.id,
    typed: active?.value,
    scroll: [...region.querySelectorAll("[data-scroll]")].map((box) => [box.id, box.scrollTop, atTheEnd(box)]),
  };
}

function restore(region, { open, focus, typed, scroll }) {
  for (const id of open) region.querySelector(`#${id}`)?.setAttribute("open", "");
  for (const [id, top, end] of scroll) {
    const box = region.querySelector(`#${id}`);
    if (box) box.scrollTop = end ? box.scrollHeight : top;
  }
  const active = focus && region.querySelector(`#${focus}`);
  if (!active) return;
  if (typed !== undefined) active.value = typed;
  active.focus({ preventScroll: true });
}

function atTheEnd(box) {
  return box.scrollHeight - box.scrollTop - box.clientHeight < 40;
}

function toTheEnd() {
  const messages = document.getElementById("messages");
  if (messages) messages.scrollTop = messages.scrollHeight;
}
