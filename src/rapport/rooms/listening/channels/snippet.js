/* One question for some of a page's visitors: no cookies, nothing stored, nothing sent before they say so. */
(function () {
  "use strict";
  var ask = __ASK__;
  var here = document.currentScript && document.currentScript.src;
  var place = here ? here.replace(/\.js.*$/, "") : "";
  if (document.documentElement.dataset.rapportAsked || Math.random() >= ask.share) return;
  if (ask.origins.length && ask.origins.indexOf(location.origin) < 0) return;
  document.documentElement.dataset.rapportAsked = "1";
  var wanted = [document.documentElement.lang].concat(navigator.languages || []);
  var words = ask.words[ask.language];
  for (var i = 0; i < wanted.length; i++) {
    var found = wanted[i] && (ask.words[wanted[i]] || ask.words[wanted[i].split("-")[0]]);
    if (found) { words = found; break; }
  }
  function make(tag, text, style) {
    var element = document.createElement(tag);
    if (text) element.textContent = text;
    // Set one by one through the object model, which a page's content policy allows.
    for (var name in style) element.style.setProperty(name, style[name]);
    return element;
  }
  function show() {
    var box = make("section", "", {
      position: "fixed", bottom: "16px", "inset-inline-end": "16px", "z-index": "2147483000",
      "max-width": "min(380px, calc(100vw - 32px))", "box-sizing": "border-box", padding: "18px 20px",
      background: "#FFFFFF", color: "#1C1A17", "border-top": "4px solid " + ask.color,
      "box-shadow": "0 6px 28px rgba(28,26,23,.28)", font: "16px/1.45 system-ui, sans-serif"
    });
    box.setAttribute("aria-label", words.question);
    box.id = "rapport-ask";
    var close = make("button", "×", {
      float: "inline-end", width: "32px", height: "32px", border: "0", background: "none",
      color: "#47433C", font: "22px/1 system-ui, sans-serif", cursor: "pointer", margin: "-8px -10px 0 8px"
    });
    close.type = "button";
    close.setAttribute("aria-label", words.close);
    close.addEventListener("click", function () { box.remove(); });
    box.addEventListener("keydown", function (event) { if (event.key === "Escape") box.remove(); });
    box.appendChild(close);
    box.appendChild(make("p", words.question, { margin: "0 0 12px", "font-weight": "600" }));
    var list = make("div", "", { display: "flex", "flex-wrap": "wrap", gap: "6px" });
    words.offers.forEach(function (offer) {
      var choice = make("button", offer.label, {
        "min-width": "36px", "box-sizing": "border-box", padding: "7px 8px", border: "1px solid #8A8478",
        "border-radius": "4px", background: "#FFFFFF", color: ask.color, font: "inherit", cursor: "pointer"
      });
      choice.type = "button";
      choice.setAttribute("aria-pressed", "false");
      choice.addEventListener("click", function () { choose(box, list, choice, offer); });
      list.appendChild(choice);
    });
    box.appendChild(list);
    if (words.ends) box.appendChild(make("p", words.ends, { margin: "8px 0 0", "font-size": "13px", color: "#67625A" }));
    document.body.appendChild(box);
  }
  // What is chosen is kept by us only when it is sent; what lets it be sent is fetched at the first choice.
  var chosen = null, begun = null;
  function choose(box, list, choice, offer) {
    chosen = offer;
    Array.prototype.forEach.call(list.children, function (one) {
      var on = one === choice;
      one.setAttribute("aria-pressed", String(on));
      one.style.setProperty("background", on ? ask.color : "#FFFFFF");
      one.style.setProperty("color", on ? "#FFFFFF" : ask.color);
    });
    if (!place) return lead(box);
    if (begun) return;
    begun = fetch(place + "/begin", { credentials: "omit" }).then(function (answer) {
      if (!answer.ok) throw new Error("refused");
      return answer.json();
    }).then(function (said) { return { me: said.me, from: Date.now() + 1500 }; });
    begun.catch(function () { lead(box); });
    var send = make("button", words.send, {
      margin: "12px 0 0", padding: "8px 16px", border: "0", "border-radius": "4px", background: ask.color,
      color: "#FFFFFF", font: "inherit", "font-weight": "600", cursor: "pointer"
    });
    send.type = "button";
    send.addEventListener("click", function () {
      send.disabled = true;
      begun.then(function (may) {
        setTimeout(function () { post(box, may.me); }, Math.max(0, may.from - Date.now()));
      });
    });
    box.appendChild(send);
  }
  function post(box, me) {
    var form = new URLSearchParams({ _me: me, _page: ask.page, _asked: ask.key, _lang: words.language, _go: "next" });
    form.set(ask.key, new URL(chosen.url).searchParams.get(ask.key));
    fetch(place + "/send", { method: "POST", body: form, credentials: "omit" }).then(function (answer) {
      if (!answer.ok) throw new Error("refused");
      return answer.json();
    }).then(function (said) { say(box, words.kept, said.more, words.more); }, function () { lead(box); });
  }
  // Where the page's content policy lets nothing be sent, the survey opens with the answer chosen.
  function lead(box) { say(box, words.question, chosen.url, words.open); }
  function say(box, text, url, label) {
    while (box.children.length > 1) box.removeChild(box.lastChild);
    var said = make("p", text, { margin: "0 0 8px", "font-weight": "600" });
    said.setAttribute("role", "status");
    box.appendChild(said);
    if (!url) return;
    var link = make("a", label, { color: ask.color });
    link.href = url;
    link.target = "_blank";
    link.rel = "noopener noreferrer";
    box.appendChild(link);
  }
  if (document.body) show(); else document.addEventListener("DOMContentLoaded", show);
})();
