// The designer's comforts: dragging, Alt with arrows, focus that follows the keyboard. Everything works without it.
(() => {
  "use strict";
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  // -- Dragging: fills the same form a program would send -----------------------
  const place = (what, key, page, at) => {
    const form = document.getElementById("place");
    if (!form) return;
    form.action = what === "page" ? form.dataset.pages : form.dataset.questions;
    form.elements.page.value = what === "page" ? key : page;
    form.elements.question.value = what === "page" ? "" : key;
    form.elements.at.value = at;
    // htmx read the address when it saw the form first
    window.htmx?.ajax("POST", form.action, { source: form, target: "#designer", select: "#designer", swap: "outerHTML show:none", values: Object.fromEntries(new FormData(form)) }) ?? form.submit();
  };
  const watch = (list) => {
    if (list.dataset.watched || !window.Sortable) return;
    list.dataset.watched = "yes";
    const what = list.dataset.sort;
    window.Sortable.create(list, {
      handle: "[data-grip]",
      animation: 0,
      group: what === "question" ? "questions" : what,
      draggable: "li",
      onEnd: (event) => {
        if (event.from === event.to && event.oldIndex === event.newIndex) return;
        place(what, event.item.dataset.keyOf, event.to.dataset.page, event.newIndex);
      },
    });
  };
  const watchRows = (list) => {
    if (list.dataset.watched || !window.Sortable) return;
    list.dataset.watched = "yes";
    window.Sortable.create(list, { handle: "[data-grip]", animation: 0, draggable: "li" });
  };
  const start = () => {
    if (window.Sortable) document.documentElement.dataset.drags = "";
    all("[data-sort]").forEach(watch);
    all("[data-sort-rows]").forEach(watchRows);
  };

  // -- Alt with an arrow moves what is focused in the outline --------------------
  addEventListener("keydown", (event) => {
    if (!event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
    const row = event.target.closest?.(".outline-page, .outline-pages ol > li");
    const button = row?.querySelector(event.key === "ArrowUp" ? "[data-up]" : "[data-down]");
    if (!button) return;
    event.preventDefault();
    if (!button.disabled) button.click();
  });

  // -- Whoever opens something by keyboard lands in it ----------------------------
  let byKeyboard = false;
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("#designer .outline a, #designer .panel a");
    byKeyboard = Boolean(link) && event.detail === 0;
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    start();
    if (byKeyboard) document.querySelector("#panel h2[tabindex]")?.focus();
    byKeyboard = false;
    const current = document.querySelector(".asked[aria-current]");
    if (current && event.detail.elt?.id === "designer") current.scrollIntoView({ block: "nearest" });
  });

  // -- A condition shows the values of what was just chosen -----------------------
  document.addEventListener("change", (event) => {
    const control = event.target.closest?.("[data-look]");
    if (control) control.form.requestSubmit(document.getElementById("look"));
  });

  if (document.readyState === "loading") addEventListener("DOMContentLoaded", start);
  else start();
})();
