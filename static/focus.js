// The focus is never lost to a swap. htmx keeps it on what has an id and is drawn anew; here it is kept on a control that
// says the same at the same place, and else it goes to the part that took the place of what is gone: Tab goes on from there.
(() => {
  let left; // which control of the part that is about to be swapped has the focus

  const alike = (part, one) => [...part.querySelectorAll(one.tagName)].filter((each) => said(each) === said(one));
  const said = (one) => one.dataset.copy ?? one.getAttribute("aria-label") ?? one.textContent.trim();
  const isLost = () => !document.activeElement || document.activeElement === document.body;

  document.addEventListener("htmx:beforeSwap", ({ detail: { target: part } }) => {
    const one = document.activeElement;
    left = part.contains(one) ? { part, one, place: alike(part, one).indexOf(one) } : null;
  });

  document.addEventListener("htmx:afterSwap", ({ target }) => {
    if (!left || !isLost()) return;
    const part = document.getElementById(left.part.id) ?? target;
    const again = alike(part, left.one)[left.place];
    if (!again) part.tabIndex = -1;
    (again ?? part).focus({ preventScroll: true }); // it comes without being asked: nothing may jump
    left = null;
  });
})();
