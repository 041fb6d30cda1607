
// The worker's entry, appended to the generated module: the page sends the compiled code and the
// model in one first message. This is synchronous, so that a failure reaches the page as an `error`
// event; a failure of what is not becomes one. Its policy for what it loads is that of the page `embed` (sws.toml).
addEventListener("message", ({ data }) => {
  initSync({ module: data.module });
  start(data.model);
}, { once: true });
addEventListener("unhandledrejection", ({ reason }) => { throw reason; });
