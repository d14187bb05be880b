// Native <dialog> elements: opened by data-opens="id", closed by data-closes, Escape or a click
// outside. The browser keeps the focus inside and gives it back.

export function attachDialogs(root) {
  for (const opener of root.querySelectorAll("[data-opens]")) {
    opener.addEventListener("click", () => {
      document.getElementById(opener.dataset.opens)?.showModal();
    });
  }
  for (const dialog of root.querySelectorAll("dialog.dialog")) attachClosing(dialog);
}

function attachClosing(dialog) {
  for (const closer of dialog.querySelectorAll("[data-closes]")) {
    closer.addEventListener("click", () => dialog.close(closer.dataset.closes));
  }
  dialog.addEventListener("pointerdown", (event) => {
    if (event.target === dialog && isOutside(dialog, event)) dialog.close("dismissed");
  });
}

function isOutside(dialog, { clientX, clientY }) {
  const box = dialog.getBoundingClientRect();
  return clientX < box.left || clientX > box.right || clientY < box.top || clientY > box.bottom;
}
