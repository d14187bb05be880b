// CSS shows a tooltip on hover and focus; this lets Escape put it away without moving the pointer.

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
    tip.addEventListener("pointerleave", bringBack);
    tip.addEventListener("focusout", bringBack);
  }
}
