// What the page knows, in one place. A part is set whole; whoever listens to it is called once per
// frame of the screen, however often it was set in between.

export function createStore(initial) {
  const values = { ...initial };
  const listeners = new Map();
  const changed = new Set();
  let isDue = false;

  function flush() {
    isDue = false;
    const names = [...changed];
    changed.clear();
    const called = new Set();
    for (const name of names) {
      for (const listener of listeners.get(name) ?? []) called.add(listener);
    }
    for (const listener of called) listener(values);
  }

  // A hidden page draws no frames; its title and its toasts go on.
  function schedule() {
    if (isDue) return;
    isDue = true;
    if (document.visibilityState === "visible") requestAnimationFrame(flush);
    else setTimeout(flush, 250);
  }

  document.addEventListener("visibilitychange", () => isDue && setTimeout(flush));

  return {
    values,
    set(parts) {
      for (const [name, value] of Object.entries(parts)) {
        values[name] = value;
        changed.add(name);
      }
      schedule();
    },
    // Says that a part which is changed in place, a map, has changed.
    touch(...names) {
      for (const name of names) changed.add(name);
      schedule();
    },
    on(names, listener) {
      for (const name of names) listeners.set(name, [...(listeners.get(name) ?? []), listener]);
      listener(values);
    },
  };
}
