/* One question for some of a page's visitors: no cookies, nothing stored, nothing sent before they choose. */
(function () {
  "use strict";
  var ask = __ASK__;
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
      var link = make("a", offer.label, {
        "min-width": "36px", "box-sizing": "border-box", padding: "7px 8px", border: "1px solid #8A8478",
        "border-radius": "4px", color: ask.color, "text-align": "center", "text-decoration": "none"
      });
      link.href = offer.url;
      link.target = "_blank";
      link.rel = "noopener noreferrer";
      link.addEventListener("click", function () { box.remove(); });
      list.appendChild(link);
    });
    box.appendChild(list);
    if (words.ends) box.appendChild(make("p", words.ends, { margin: "8px 0 0", "font-size": "13px", color: "#67625A" }));
    document.body.appendChild(box);
  }
  if (document.body) show(); else document.addEventListener("DOMContentLoaded", show);
})();
