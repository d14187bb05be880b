// A range input whose steps are listed in data-stops; its output and its spoken value follow. One that
// says data-own has a script of its own.

export function attachSliders(root) {
  for (const slider of root.querySelectorAll(".slider:not([data-own])")) {
    const input = slider.querySelector('input[type="range"]');
    const output = slider.querySelector("output");
    const stops = slider.dataset.stops?.split(" ");
    const unit = slider.dataset.unit ?? "";
    const show = () => {
      const text = `${stops ? stops[Number(input.value)] : input.value}${unit}`;
      output.textContent = text;
      input.setAttribute("aria-valuetext", text);
    };
    input.addEventListener("input", show);
    show();
  }
}
