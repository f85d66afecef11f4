// What htmx leaves open: says when the page is no longer live, and loads the whole page when a part can no longer be had.
(() => {
  const say = text => { const p = document.getElementById('offline'); if (p && p.textContent !== text) p.textContent = text; };
  let since = null;
  document.addEventListener('htmx:sse:error', () => {
    since ??= new Date().toISOString().slice(11, 16);
    say(`Not live since ${since} UTC`);
  });
  document.addEventListener('htmx:sse:after:connection', () => { since = null; say(''); document.getElementById('stream').dataset.live = 'yes'; });
  // htmx may look at the page before its SSE extension has arrived; so the stream is named to it when all scripts have run.
  document.addEventListener('DOMContentLoaded', () => setTimeout(() => {
    const stream = document.getElementById('stream');
    if (!stream) return;
    stream.setAttribute('hx-sse:connect', stream.dataset.connect);
    htmx.process(stream);
  }));
  // Signed out, or the objective is gone: the server's answer to the whole page says it.
  document.addEventListener('htmx:response:error', e => {
    if ([401, 403, 404].includes(e.detail.ctx?.response?.status) && e.target.id === 'shell') location.reload();
  });
})();
