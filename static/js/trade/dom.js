// Elements made by hand. Every text goes in as text: nothing that anybody said is ever markup.

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (attribute === "class") made.className = value;
    else if (attribute.startsWith("on")) made.addEventListener(attribute.slice(2), value);
    else if (value === true) made.setAttribute(attribute, "");
    else if (value !== false && value !== null && value !== undefined) {
      made.setAttribute(attribute, value);
    }
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

export function say(place, text) {
  if (place && place.textContent !== text) place.textContent = text;
}

// A number that moved: its color agrees with the arrow or sign that is in the text.
export function tone(place, direction) {
  place.classList.toggle("up", direction > 0);
  place.classList.toggle("down", direction < 0);
}

// Kept on this machine alone: favorites, the arrangement, whether hotkeys are on.
export function remembered(name, otherwise) {
  try {
    return JSON.parse(localStorage.getItem(`godark.trade.${name}`)) ?? otherwise;
  } catch {
    return otherwise;
  }
}

export function remember(name, value) {
  try {
    localStorage.setItem(`godark.trade.${name}`, JSON.stringify(value));
  } catch {
    // A browser that keeps nothing still trades.
  }
}
