
// The worker's entry, appended to the generated module: the page sends the compiled code and the
// model in one first message. This is synchronous, so that a failure reaches the page as an `error`
// event; a failure of what is not becomes one.
addEventListener("message", ({ data }) => {
  initSync({ module: data.module });
  start(data.model);
}, { once: true });
addEventListener("unhandledrejection", ({ reason }) => { throw reason; });
