// The combobox, by the pattern of WAI-ARIA: the text keeps the focus, and aria-activedescendant walks the options.
// The server renders the options and htmx fetches them, so this only opens, walks, picks and closes:
//   <div class="combobox"><input role="combobox" aria-controls="LIST" hx-get=… hx-target="#POPUP">
//     <input type="hidden" data-picked><div class="popup" id="POPUP" hidden></div></div>
// The popup gets a listbox with the id LIST, of <li role="option" id data-value data-name [aria-disabled]>. What was
// picked goes into the hidden input, its name into the text; typing anything else takes the pick back.
(() => {
  const boxOf = (node) => node?.closest?.(".combobox");
  const textOf = (box) => box.querySelector("[role=combobox]");
  const popupOf = (box) => box.querySelector(".popup");
  const options = (box) => [...box.querySelectorAll("[role=option]:not([aria-disabled=true])")];
  const active = (box) => box.querySelector("[role=option][aria-selected=true]");

  const shut = new WeakSet(); // those that were closed: a list that comes late must not open them again

  function open(box) {
    shut.delete(box);
    if (!popupOf(box).firstElementChild) return;
    popupOf(box).hidden = false;
    textOf(box).setAttribute("aria-expanded", "true");
  }

  function close(box) {
    shut.add(box);
    popupOf(box).hidden = true;
    textOf(box).setAttribute("aria-expanded", "false");
    point(box, null);
  }

  function point(box, option) {
    active(box)?.setAttribute("aria-selected", "false");
    if (!option) return textOf(box).removeAttribute("aria-activedescendant");
    option.setAttribute("aria-selected", "true");
    textOf(box).setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  function walk(box, key) {
    const found = options(box);
    const at = found.indexOf(active(box));
    const next = { ArrowDown: at + 1, ArrowUp: at < 0 ? found.length - 1 : at - 1, Home: 0, End: found.length - 1 }[key];
    if (found.length) point(box, found[(next + found.length) % found.length]);
  }

  function pick(box, option) {
    textOf(box).value = option.dataset.name;
    set(box, option.dataset.value);
    close(box);
  }

  function set(box, value) {
    const picked = box.querySelector("[data-picked]");
    if (picked.value === value) return;
    picked.value = value;
    picked.dispatchEvent(new Event("change", { bubbles: true }));
  }

  document.addEventListener("keydown", (event) => {
    if (event.target.role !== "combobox" && event.target.getAttribute?.("role") !== "combobox") return;
    const box = boxOf(event.target);
    const shown = !popupOf(box).hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      open(box);
      walk(box, event.key);
    } else if (shown && active(box) && (event.key === "Home" || event.key === "End")) {
      walk(box, event.key);
    } else if (shown && event.key === "Enter") {
      if (active(box)) pick(box, active(box));
    } else if (event.key === "Escape") {
      close(box);
      if (!shown) return; // it may be meant for what is around
    } else return;
    event.preventDefault();
  });

  document.addEventListener("input", ({ target }) => {
    if (target.getAttribute("role") !== "combobox") return;
    shut.delete(boxOf(target));
    set(boxOf(target), "");
  });

  document.addEventListener("click", ({ target }) => {
    if (target.getAttribute?.("role") === "combobox") open(boxOf(target));
    const option = target.closest?.(".combobox [role=option]");
    if (option && option.getAttribute("aria-disabled") !== "true") pick(boxOf(option), option);
  });

  // A press on the popup must not take the focus out of the text.
  document.addEventListener("mousedown", (event) => {
    if (event.target.closest?.(".combobox .popup") && !event.target.closest("a, button, input")) event.preventDefault();
  });

  document.addEventListener("focusout", ({ target, relatedTarget }) => {
    const box = boxOf(target);
    if (box && !box.contains(relatedTarget)) close(box);
  });

  document.addEventListener("focusin", ({ target }) => {
    if (target.getAttribute("role") === "combobox") shut.delete(boxOf(target)); // its list is being fetched
  });

  // The list may be drawn anew while somebody walks it: the option they stand on stays theirs if it is still there.
  let stood;
  const drawn = (target) => target.classList?.contains("popup") && boxOf(target);

  document.addEventListener("htmx:beforeSwap", ({ target }) => {
    if (drawn(target)) stood = active(drawn(target))?.dataset.value;
  });

  document.addEventListener("htmx:afterSwap", ({ target }) => {
    const box = drawn(target);
    if (!box || shut.has(box) || !box.contains(document.activeElement)) return;
    if (document.activeElement === popupOf(box)) textOf(box).focus(); // what had the focus in the list is gone
    open(box);
    point(box, options(box).find((option) => option.dataset.value === stood) ?? null);
  });
})();
