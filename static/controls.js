// What controls do by themselves, wherever they appear. Everything is delegated: fragments come and go.
(() => {
  // Copy: <button data-copy="#id-of-the-text" data-done="Copied">.
  document.addEventListener("click", async ({ target }) => {
    const button = target.closest?.("[data-copy]");
    if (!button) return;
    const source = document.querySelector(button.dataset.copy);
    const text = (source.value ?? source.textContent).trim();
    try {
      await navigator.clipboard.writeText(text);
      announce(button, button.dataset.done);
    } catch {
      select(source); // the host gave the frame no clipboard: the text is ready for Ctrl-C
    }
  });

  const announcing = new WeakSet(); // what a button says while it does is not what it says otherwise
  function announce(button, words) {
    if (announcing.has(button)) return;
    announcing.add(button);
    const before = [...button.childNodes];
    button.textContent = words;
    button.setAttribute("aria-live", "polite");
    setTimeout(() => {
      button.replaceChildren(...before);
      announcing.delete(button);
    }, 2000);
  }

  function select(source) {
    if (source.select) return source.select();
    const range = document.createRange();
    range.selectNodeContents(source);
    const selection = window.getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
  }

  // Dialogs: <button data-opens="id-of-the-dialog">, and <button data-closes> inside it.
  document.addEventListener("click", ({ target }) => {
    const opens = target.closest?.("[data-opens]");
    if (opens) open(document.getElementById(opens.dataset.opens), opens);
    if (target.closest?.("[data-closes]")) target.closest("dialog")?.close();
  });

  // Beside its button: a frame is as high as its page, so the middle of it may be far from what a person sees.
  function open(dialog, button) {
    if (!dialog) return;
    dialog.showModal();
    const lowest = window.innerHeight - dialog.offsetHeight - 16;
    const at = Math.max(16, Math.min(button.getBoundingClientRect().top, lowest));
    document.documentElement.style.setProperty("--dialog-at", `${at}px`); // on what is never swapped
  }

  // A field that is there only while another has a value: <div data-when="name=value">.
  function sift(form) {
    for (const part of form.querySelectorAll("[data-when]")) {
      const [name, value] = part.dataset.when.split("=");
      const control = form.elements[name];
      part.hidden = !control || control.value !== value;
      for (const inner of part.querySelectorAll("input, select, textarea")) inner.disabled = part.hidden;
    }
  }
  document.addEventListener("change", ({ target }) => target.form && sift(target.form));
  document.addEventListener("htmx:load", ({ target }) => {
    target.querySelectorAll?.("form").forEach(sift);
    if (target.closest?.("form")) sift(target.closest("form"));
  });

  // What a person has opened stays open when the page around it is swapped: <details id="…">.
  let opened = [];
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    opened = [...detail.target.querySelectorAll("details[id][open]")].map((one) => one.id);
  });
  document.addEventListener("htmx:afterSwap", () => {
    for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
    opened = [];
  });

  // A fragment in answer to a button of its own says where to go on: <input data-next>.
  document.addEventListener("htmx:afterSettle", ({ target }) => {
    const here = document.activeElement;
    const next = target.querySelector?.("[data-next]");
    if (next && (here === document.body || target.contains(here))) next.focus();
    next?.removeAttribute("data-next"); // once: the element may outlive its fragment
  });

  // Tabs: arrows move between <button role="tab" aria-controls="id-of-the-panel">, and the panel of one is shown.
  function choose(tab) {
    for (const one of tab.closest('[role="tablist"]').querySelectorAll('[role="tab"]')) {
      one.setAttribute("aria-selected", one === tab);
      one.tabIndex = one === tab ? 0 : -1;
      document.getElementById(one.getAttribute("aria-controls")).hidden = one !== tab;
    }
    tab.focus();
  }
  document.addEventListener("click", ({ target }) => {
    const tab = target.closest?.('[role="tab"]');
    if (tab) choose(tab);
  });
  document.addEventListener("keydown", (event) => {
    const tab = event.target.closest?.('[role="tab"]');
    const step = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[event.key];
    if (!tab || !step) return;
    const tabs = [...tab.closest('[role="tablist"]').querySelectorAll('[role="tab"]')];
    const way = getComputedStyle(tab).direction === "rtl" && Number.isFinite(step) ? -step : step;
    const place = Number.isFinite(way) ? (tabs.indexOf(tab) + way + tabs.length) % tabs.length : way < 0 ? 0 : tabs.length - 1;
    event.preventDefault();
    choose(tabs[place]);
  });
})();
