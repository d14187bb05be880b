// What Django's own admin pages lack for people without a mouse or without sight.

const SCROLLING = ".inline-group, .inline-group .module, #changelist .results";

window.addEventListener("load", () => {
  for (const icon of document.querySelectorAll(".help-tooltip[aria-label]:not([role])")) {
    icon.setAttribute("role", "img");
  }
  reachWhatScrolls();
});
window.addEventListener("resize", reachWhatScrolls);

function reachWhatScrolls() {
  for (const region of document.querySelectorAll(SCROLLING)) {
    if (region.scrollWidth > region.clientWidth) region.tabIndex = 0;
    else region.removeAttribute("tabindex");
  }
}
