// Records how long each photo takes, in milliseconds.
window.took = [];
const begun = new WeakMap();
const look = ({ target }) => {
  const { file, state } = target.dataset;
  if (state === "working") begun.set(target, performance.now());
  else if (begun.has(target)) took.push([file, performance.now() - begun.get(target)]);
};
new MutationObserver((changes) => changes.forEach(look))
  .observe(document.documentElement, { subtree: true, attributeFilter: ["data-state"] });
