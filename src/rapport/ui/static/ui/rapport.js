// Optional behaviour of every page: palette, keys, theme, toasts, dialogs, busy state. Everything works without it.
(() => {
  "use strict";
  const root = document.documentElement;
  const year = 60 * 60 * 24 * 365;
  const remember = (name, value) => {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `${name}=${value}; Path=/; Max-Age=${year}; SameSite=Lax${secure}`;
  };
  const one = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  // -- Theme -----------------------------------------------------------------
  const isDark = () =>
    root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const switchTheme = () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    remember("rapport_theme", root.dataset.theme);
  };

  // -- Toasts ----------------------------------------------------------------
  const stay = 10000;
  const watchToast = (toast) => {
    if (toast.dataset.stay !== undefined) return;
    let timer = 0;
    const leave = () => { timer = setTimeout(() => toast.remove(), stay); };
    const hold = () => clearTimeout(timer);
    toast.addEventListener("pointerenter", hold);
    toast.addEventListener("pointerleave", leave);
    toast.addEventListener("focusin", hold);
    toast.addEventListener("focusout", leave);
    leave();
  };
  const toast = (text, lasting = false) => {
    const template = one("#toast-template");
    const place = one(".toasts");
    if (!template || !place) return;
    const made = template.content.firstElementChild.cloneNode(true);
    one("span", made).textContent = text;
    if (lasting) made.dataset.stay = "";
    place.append(made);
    watchToast(made);
  };

  // -- Dialogs ---------------------------------------------------------------
  const openDialog = (dialog) => {
    if (dialog && !dialog.open) dialog.showModal();
  };

  // -- Palette ---------------------------------------------------------------
  const palette = one("dialog.palette");
  const input = palette && one("input", palette);
  const found = palette && one("[data-found]", palette);
  const options = () => (palette ? all("[role=option]:not([hidden])", palette) : []);
  const choose = (next) => {
    options().forEach((option, index) => {
      option.id ||= `palette-option-${index}-${Math.random().toString(36).slice(2, 7)}`;
      option.setAttribute("aria-selected", String(option === next));
    });
    if (next) {
      input.setAttribute("aria-activedescendant", next.id);
      next.scrollIntoView({ block: "nearest" });
    } else input.removeAttribute("aria-activedescendant");
  };
  const filterOwn = () => {
    const words = input.value.trim().toLowerCase();
    all("[data-own] [role=option]", palette).forEach((option) => {
      option.hidden = !option.textContent.toLowerCase().includes(words);
    });
    all("[data-own] [role=group]", palette).forEach((group) => {
      group.hidden = !one("[role=option]:not([hidden])", group);
    });
    choose(options()[0]);
  };
  let asked = 0;
  let pause = 0;
  const ask = async () => {
    const query = input.value.trim();
    const turn = (asked += 1);
    if (!palette.dataset.search || query.length < 2) { found.replaceChildren(); return; }
    input.setAttribute("aria-busy", "true");
    try {
      const url = new URL(palette.dataset.search, location.href);
      url.searchParams.set("q", query);
      const answer = await fetch(url, { headers: { "X-Palette": "1" }, credentials: "same-origin" });
      const html = answer.ok ? await answer.text() : "";
      if (turn !== asked) return;
      found.innerHTML = html;
      choose(options()[0]);
    } catch {
      if (turn === asked) found.replaceChildren();
    } finally {
      if (turn === asked) input.removeAttribute("aria-busy");
    }
  };
  const openPalette = () => {
    if (!palette) return false;
    openDialog(palette);
    input.value = "";
    found.replaceChildren();
    filterOwn();
    return true;
  };
  const commands = { theme: switchTheme, keys: () => openDialog(one("#shortcuts")) };
  const run = (option) => {
    if (!option) return;
    palette.close();
    if (option.dataset.command) commands[option.dataset.command]?.();
    else if (option.dataset.href) location.assign(option.dataset.href);
  };
  input?.addEventListener("input", () => {
    filterOwn();
    clearTimeout(pause);
    pause = setTimeout(ask, 150);
  });
  palette?.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) run(option);
    else if (event.target === palette) palette.close();
  });
  palette?.addEventListener("keydown", (event) => {
    const list = options();
    const at = list.findIndex((option) => option.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.length) choose(list[(at + (event.key === "ArrowDown" ? 1 : list.length - 1)) % list.length]);
    } else if (event.key === "Enter") {
      event.preventDefault();
      run(list[at]);
    }
  });

  // -- Rows: j and k move through whatever is marked data-rows ----------------
  const step = (by) => {
    const rows = all("[data-rows]").flatMap((list) => [...list.children]).filter((row) => one("a, button", row));
    if (!rows.length) return;
    const at = rows.findIndex((row) => row.contains(document.activeElement));
    const next = at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + by));
    one("a, button", rows[next]).focus();
  };

  // -- Shortcuts ---------------------------------------------------------------
  const shortcuts = one("#shortcuts");
  const ownKeys = () => {
    const place = shortcuts && one("[data-page-keys]", shortcuts);
    if (!place) return;
    place.replaceChildren();
    all("main [data-key]").forEach((element) => {
      const term = document.createElement("dt");
      const key = document.createElement("kbd");
      const means = document.createElement("dd");
      key.textContent = element.dataset.key;
      means.textContent = element.getAttribute("aria-label") || element.firstChild?.textContent.trim() || element.textContent.trim();
      term.append(key);
      place.append(term, means);
    });
    place.hidden = !place.children.length;
  };
  const keysOn = () => root.dataset.keys !== "off";
  let leader = 0;
  const press = (selector) => {
    const element = one(selector);
    if (!element) return false;
    element.click();
    return true;
  };
  addEventListener("keydown", (event) => {
    if (!event.key) return;
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      if (openPalette()) event.preventDefault();
      return;
    }
    if (!keysOn() || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.closest?.("input, textarea, select, [contenteditable], dialog")) return;
    if (leader) {
      clearTimeout(leader);
      leader = 0;
      if (/^[a-z]$/.test(event.key) && press(`[data-go="${event.key}"]`)) event.preventDefault();
      return;
    }
    if (event.key === "g") leader = setTimeout(() => { leader = 0; }, 1200);
    else if (event.key === "t") switchTheme();
    else if (event.key === "j") step(1);
    else if (event.key === "k") step(-1);
    else if (event.key === "?") { ownKeys(); openDialog(shortcuts); }
    else if (event.key === "/") { if (openPalette()) event.preventDefault(); }
    else if (/^[a-z]$/.test(event.key) && press(`[data-key="${event.key}"]`)) event.preventDefault();
  });

  // -- Clicks ------------------------------------------------------------------
  document.addEventListener("click", (event) => {
    const target = event.target.closest?.("[data-palette], [data-theme-switch], [data-dialog], [data-close], [data-copy]");
    if (!target) {
      all("details.drop[open]").forEach((drop) => { if (!drop.contains(event.target)) drop.open = false; });
      return;
    }
    if (target.matches("[data-palette]")) { if (openPalette()) event.preventDefault(); }
    else if (target.matches("[data-theme-switch]")) switchTheme();
    else if (target.matches("[data-copy]")) {
      const text = target.dataset.copy || location.href;
      navigator.clipboard?.writeText(text).then(() => toast(target.dataset.copied || text));
    } else if (target.matches("[data-dialog]")) {
      const dialog = document.getElementById(target.dataset.dialog);
      if (dialog) {
        event.preventDefault();
        if (dialog === shortcuts) ownKeys();
        openDialog(dialog);
      }
    } else target.closest("dialog")?.close() ?? target.closest(".toast")?.remove();
  });
  document.addEventListener("keydown", (event) => {
    const drop = event.key === "Escape" && event.target.closest?.("details.drop[open]");
    if (drop) { drop.open = false; one("summary", drop).focus(); }
  });
  document.addEventListener("change", (event) => {
    const control = event.target;
    if (control.matches("[data-keys-switch]")) {
      root.dataset.keys = control.checked ? "on" : "off";
      remember("rapport_keys", root.dataset.keys);
    } else if (control.matches("[data-submit-on-change]")) control.form?.requestSubmit();
  });

  // -- Busy: the pressed button of a plain form, and whatever htmx is filling ----
  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (button?.matches(".btn") && event.target.method !== "dialog") button.setAttribute("aria-busy", "true");
  });
  addEventListener("pageshow", () => all(".btn[aria-busy]").forEach((button) => button.removeAttribute("aria-busy")));
  const busy = (event, on) => {
    [event.detail.target, event.detail.elt].forEach((element) => {
      if (!element?.setAttribute) return;
      if (on) element.setAttribute("aria-busy", "true");
      else element.removeAttribute("aria-busy");
    });
  };
  document.addEventListener("htmx:beforeRequest", (event) => busy(event, true));
  document.addEventListener("htmx:afterRequest", (event) => busy(event, false));
  document.addEventListener("htmx:responseError", () => toast(root.dataset.failed || "", true));
  document.addEventListener("htmx:sendError", () => toast(root.dataset.failed || "", true));
  document.addEventListener("toast", (event) => toast(event.detail.text ?? event.detail.value ?? "", event.detail.stay));

  all(".toast").forEach(watchToast);
})();
