
// The worker's entry, appended to the generated module: the page sends the compiled code and the
// model in one first message. All of it is synchronous, so that a failure reaches the page as an
// `error` event.
addEventListener("message", ({ data }) => {
  initSync({ module: data.module });
  start(data.model);
}, { once: true });
