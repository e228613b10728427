// Comforts of dashboards: a picture to the clipboard, tiles dragged into order. Everything works without it.
(() => {
  "use strict";
  const toPng = async (url) => {
    const svg = await (await fetch(url, { credentials: "same-origin" })).text();
    const image = new Image();
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = image.width * 2;
    canvas.height = image.height * 2;
    const context = canvas.getContext("2d");
    context.scale(2, 2);
    context.drawImage(image, 0, 0);
    return new Promise((done) => canvas.toBlob(done, "image/png"));
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-picture]");
    if (!button) return;
    const url = button.dataset.picture;
    if (!navigator.clipboard?.write || !window.ClipboardItem) { location.href = url; return; }
    navigator.clipboard.write([new ClipboardItem({ "image/png": toPng(url) })])
      .then(() => document.dispatchEvent(new CustomEvent("toast", { detail: { text: button.dataset.copied } })))
      .catch(() => { location.href = url; });
  });
  const list = document.querySelector("[data-order]");
  if (list && window.Sortable) {
    document.documentElement.dataset.drags = "";
    window.Sortable.create(list, {
      handle: "[data-grip]",
      animation: 0,
      draggable: "li[data-tile]",
      onEnd: () => {
        const form = document.getElementById(list.dataset.order);
        form.elements.order.value = [...list.querySelectorAll("[data-tile]")].map((one) => one.dataset.tile).join(",");
        form.submit();
      },
    });
  }
})();
