// CSS shows a tooltip on hover and focus; this keeps it inside the window and lets Escape put it
// away without moving the pointer.

const MARGIN_PX = 8;

export function attachTooltips(root) {
  const tips = [...root.querySelectorAll(".tip")];
  if (tips.length === 0) return;
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const tip of tips) {
      if (tip.matches(":hover, :focus-within")) tip.classList.add("tip-dismissed");
    }
  });
  for (const tip of tips) {
    const bringBack = () => tip.classList.remove("tip-dismissed");
    tip.addEventListener("pointerenter", () => keepInside(tip));
    tip.addEventListener("focusin", () => keepInside(tip));
    tip.addEventListener("pointerleave", bringBack);
    tip.addEventListener("focusout", bringBack);
  }
}

function keepInside(tip) {
  const text = tip.querySelector(".tip-text");
  text.style.setProperty("--nudge", "0px");
  const { left, right } = text.getBoundingClientRect();
  const beyond = Math.max(0, right + MARGIN_PX - document.documentElement.clientWidth);
  text.style.setProperty("--nudge", `${Math.max(0, MARGIN_PX - left) - beyond}px`);
}
