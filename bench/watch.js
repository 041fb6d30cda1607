// Runs before a page's own scripts: records when a photo was picked and answered, the worker's timings, and long tasks of
// the page.
window.seen = { picked: null, answered: null, milliseconds: null, longest: 0 };
addEventListener("change", () => (seen.picked = performance.now()), true);
new MutationObserver(() => {
  if (seen.picked !== null && seen.answered === null && document.querySelector("[data-state=done]")) {
    seen.answered = performance.now();
  }
}).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-state"] });
new PerformanceObserver((list) => {
  for (const { startTime, duration } of list.getEntries()) {
    if (seen.picked !== null && startTime + duration > seen.picked) seen.longest = Math.max(seen.longest, duration);
  }
}).observe({ type: "longtask", buffered: true });
window.Worker = class extends Worker {
  constructor(...rest) {
    super(...rest);
    this.addEventListener("message", ({ data }) => {
      const answered = data.Answered?.outcome?.Ok;
      if (answered) seen.milliseconds = answered.answer.prediction.milliseconds;
    });
  }
};
// For the cold start: picks the photo as soon as the page has a file input.
window.pickAtOnce = (base64, selector) => {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const look = () => {
    const input = document.querySelector(selector);
    if (!input) return setTimeout(look, 1);
    const files = new DataTransfer();
    files.items.add(new File([bytes], "photo.jpg", { type: "image/jpeg" }));
    input.files = files.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };
  look();
};
