// Short news in the corner. They stay until closed, unless they are told to leave by themselves,
// and wait while the pointer or the focus is on them.

const STAY_MS = 6000;

export function showToast({ title, text = "", tone = "", staysOpen = false }) {
  const toast = document.createElement("div");
  toast.className = `notice toast ${tone ? `notice-${tone}` : ""}`;
  toast.append(paragraph(title, "notice-title"), ...(text ? [paragraph(text)] : []), closer(toast));
  document.getElementById("toasts").append(toast);
  if (!staysOpen) leaveLater(toast);
  return toast;
}

export function attachToasts(root) {
  for (const button of root.querySelectorAll("[data-toast]")) {
    const { toast: title, toastText: text, toastTone: tone } = button.dataset;
    button.addEventListener("click", () => showToast({ title, text, tone }));
  }
}

function paragraph(text, className = "") {
  const element = document.createElement("p");
  element.className = className;
  element.textContent = text;
  return element;
}

function closer(toast) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "toast-close";
  button.setAttribute("aria-label", "Close this message");
  button.textContent = "\u00d7";
  button.addEventListener("click", () => toast.remove());
  return button;
}

function leaveLater(toast) {
  setTimeout(() => {
    if (toast.matches(":hover, :focus-within")) leaveLater(toast);
    else toast.remove();
  }, STAY_MS);
}
