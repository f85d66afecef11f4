// The query page: completion in the query field, and the graph that replaces the server's SVG. Without it the page is a form with links.
(() => {
  const form = document.getElementById('ask'), field = document.getElementById('expr'), list = document.getElementById('choices');
  if (!form) return;

  // ---- asking
  const first = field.value;
  field.addEventListener('keydown', e => { if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) { e.preventDefault(); shut(); form.requestSubmit(); } });
  form.addEventListener('formdata', e => { if (!e.formData.get('end')) e.formData.delete('end'); if (e.formData.get('tab') === 'graph') e.formData.delete('tab'); });
  // A link to another range or view takes along what was typed and not yet run.
  document.addEventListener('click', e => {
    const link = e.target.closest('a[data-range], a[data-tab]');
    if (!link || field.value === first || e.ctrlKey || e.metaKey || e.shiftKey) return;
    e.preventDefault();
    if (link.dataset.range) form.elements.range.value = link.dataset.range; else form.elements.tab.value = link.dataset.tab;
    form.requestSubmit();
  });

  // ---- completion. A textarea may not be a combobox; as a textbox it has a list and an active choice all the same.
  for (const [name, value] of [['autocomplete', 'list'], ['haspopup', 'listbox'], ['controls', 'choices']]) field.setAttribute(`aria-${name}`, value);
  const words = JSON.parse(document.getElementById('words').textContent);
  const had = new Map();
  const ask = url => { // what was asked once is not asked again while the page stands
    if (!had.has(url)) had.set(url, fetch(url).then(r => r.ok ? r.json() : { data: [] }).then(a => a.data, () => { had.delete(url); return []; }));
    return had.get(url);
  };
  const match = metric => metric ? `&match[]=${encodeURIComponent(metric)}` : '';
  const names = () => ask('/api/v1/label/__name__/values?limit=10000');
  const labels = metric => ask(`/api/v1/labels?limit=1000${match(metric)}`);
  const values = (label, metric) => ask(`/api/v1/label/${encodeURIComponent(label)}/values?limit=1000${match(metric)}`);

  /// What stands before the caret: within which brackets, and which part of a word is written.
  function place(text) {
    const open = [];
    for (let i = 0; i < text.length; i++) {
      const c = text[i];
      if (c === '#') { while (i < text.length && text[i] !== '\n') i++; if (i === text.length) return null; continue; }
      if ('"\'`'.includes(c)) {
        let j = i + 1;
        while (j < text.length && text[j] !== c) j += text[j] === '\\' && c !== '`' ? 2 : 1;
        if (j >= text.length) {
          const label = text.slice(0, i).match(/([a-zA-Z_]\w*)\s*(=~|!~|!=|=)\s*$/)?.[1], brace = open.at(-1);
          return brace?.c === '{' && label ? { kind: 'value', label, metric: brace.before, from: i + 1, part: text.slice(i + 1), quote: c } : null;
        }
        i = j;
      } else if ('({['.includes(c)) open.push({ c, before: text.slice(0, i).match(/([a-zA-Z_:][\w:]*)\s*$/)?.[1] });
      else if (')}]'.includes(c)) open.pop();
    }
    const inner = open.at(-1), part = text.match(/[a-zA-Z_:][\w:]*$/)?.[0] ?? '', from = text.length - part.length;
    if (/[\d.]$/.test(text.slice(0, from))) return null; // 5m, 1e3
    if (inner?.c === '[') return { kind: 'none' };
    if (inner?.c === '{') return /[{,]\s*$/.test(text.slice(0, from)) ? { kind: 'label', metric: inner.before, from, part } : null;
    if (inner && /^(by|without|on|ignoring|group_left|group_right)$/i.test(inner.before ?? '')) return { kind: 'group', from, part };
    return part ? { kind: 'word', from, part } : null;
  }
  async function choices(p) {
    switch (p?.kind) {
      case 'value': return (await values(p.label, p.metric)).map(v => ({ text: v, is: '', put: v.replaceAll('\\', '\\\\').replaceAll(p.quote, `\\${p.quote}`) + p.quote }));
      case 'label': return (await labels(p.metric)).filter(l => l !== '__name__').map(l => ({ text: l, is: 'label', put: `${l}="` }));
      case 'group': {
        const known = new Set(await names()), metric = (field.value.match(/[a-zA-Z_:][\w:]*/g) ?? []).find(w => known.has(w));
        return (await labels(metric)).filter(l => l !== '__name__').map(l => ({ text: l, is: 'label', put: l }));
      }
      case 'word': return [...words.map(w => ({ text: w.name, is: w.is, put: `${w.name}(` })), ...(await names()).map(n => ({ text: n, is: 'metric', put: /^[a-zA-Z_:][\w:]*$/.test(n) ? n : `{${JSON.stringify(n)}}` }))];
      default: return [];
    }
  }
  let shown = [], at = -1, now = null, turn = 0;
  function shut() { list.hidden = true; shown = []; at = -1; turn++; field.removeAttribute('aria-activedescendant'); }
  function point(i) {
    at = i;
    [...list.children].forEach((li, n) => li.setAttribute('aria-selected', n === i));
    field.setAttribute('aria-activedescendant', list.children[i].id);
    list.children[i].scrollIntoView({ block: 'nearest' });
  }
  async function complete(all) {
    const mine = ++turn, caret = field.selectionStart, p = caret === field.selectionEnd ? place(field.value.slice(0, caret)) : null;
    if (!p || (!all && !p.part && p.kind === 'group')) return shut();
    const found = await choices(p);
    if (mine !== turn) return; // typed on meanwhile
    const part = (p.part ?? '').toLowerCase(), begins = c => c.text.toLowerCase().startsWith(part);
    shown = found.filter(begins).concat(part ? found.filter(c => !begins(c) && c.text.toLowerCase().includes(part)) : []).slice(0, 60);
    if (!shown.length || (shown.length === 1 && shown[0].text === p.part && p.kind !== 'value')) return shut();
    now = p;
    list.replaceChildren(...shown.map((c, i) => {
      const li = document.createElement('li'), text = document.createElement('span'), is = document.createElement('span'), hit = c.text.toLowerCase().indexOf(part);
      li.id = `choice-${i}`; li.role = 'option'; is.className = 'muted'; is.textContent = c.is;
      const bold = document.createElement('b');
      bold.textContent = c.text.slice(hit, hit + part.length);
      text.append(c.text.slice(0, hit), bold, c.text.slice(hit + part.length));
      li.append(text, is);
      return li;
    }));
    list.hidden = false;
    point(0);
  }
  function take(i) {
    const c = shown[i], end = field.selectionStart, next = field.value[end];
    // A bracket or quote that stands there already is not written twice.
    const put = next && c.put.endsWith(next) && '("\'`'.includes(next) ? c.put.slice(0, -1) : c.put;
    field.setSelectionRange(now.from, end);
    shut();
    document.execCommand('insertText', false, put); // keeps undo, which assigning the value would end
    if (now.kind === 'label') complete(true);
  }
  field.addEventListener('input', e => { if (e.inputType !== 'insertText' || e.data?.length === 1) complete(false); });
  field.addEventListener('keydown', e => {
    if (e.key === ' ' && e.ctrlKey) { e.preventDefault(); complete(true); return; }
    if (list.hidden || e.ctrlKey || e.metaKey || e.altKey) return;
    if (e.key === 'ArrowDown') point((at + 1) % shown.length);
    else if (e.key === 'ArrowUp') point((at + shown.length - 1) % shown.length);
    else if ((e.key === 'Enter' || e.key === 'Tab') && !e.shiftKey) take(at);
    else if (e.key === 'Escape') shut();
    else { if (/^(Arrow(Left|Right)|Home|End)$/.test(e.key)) shut(); return; }
    e.preventDefault();
  });
  field.addEventListener('blur', shut);
  list.addEventListener('mousedown', e => { e.preventDefault(); const li = e.target.closest('li'); if (li) take([...list.children].indexOf(li)); });

  // ---- graph
  const figure = document.querySelector('figure[data-explore]');
  if (!window.uPlot || !figure) return;
  const probe = document.createElement('i');
  document.body.append(probe);
  const token = name => { probe.style.color = `var(--${name})`; return getComputedStyle(probe).color; };
  const px = v => v * devicePixelRatio, sans = () => getComputedStyle(document.body).fontFamily;
  const D = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'], M = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
  const two = v => String(v).padStart(2, '0');
  const d = JSON.parse(document.getElementById('lines').textContent);
  const x = Array.from({ length: d.points }, (_, i) => d.start + i * d.step), end = x.at(-1);
  const clock = (q, fine) => `${two(q.getUTCHours())}:${two(q.getUTCMinutes())}${fine ? `:${two(q.getUTCSeconds())}` : ''}`;
  const stamp = s => { const q = new Date(s * 1000); return `${D[q.getUTCDay()]} ${q.getUTCDate()} ${M[q.getUTCMonth()]} ${clock(q, d.step < 60)}`; };
  const number = v => v !== 0 && (Math.abs(v) < 1e-4 || Math.abs(v) >= 1e15) ? v.toExponential(4).replace('-', '−') : v.toLocaleString('en-GB', { maximumSignificantDigits: 9 }).replace('-', '−');
  const looks = [['ink', []], ['ink', [7, 4]], ['ink-3', []], ['ink-3', [2, 3]]];
  const plot = figure.querySelector('.plot'), out = figure.querySelector('output'), rows = [...document.querySelectorAll('.legend [data-line]')];
  let u, width, on = null, pinned = null;

  function hatch(u) {
    const { left, top, width: w, height: h } = u.bbox, { ctx } = u;
    for (const g of d.gaps) {
      const a = u.valToPos(g.from, 'x', true), b = Math.max(a + px(2), u.valToPos(g.to, 'x', true));
      ctx.save(); ctx.beginPath(); ctx.rect(a, top, Math.min(b, left + w) - a, h); ctx.clip();
      probe.style.color = 'oklch(from var(--unknown) l c h / .55)'; ctx.strokeStyle = getComputedStyle(probe).color;
      ctx.lineWidth = px(1.25); ctx.beginPath();
      for (let i = a - h; i < b; i += px(5)) { ctx.moveTo(i, top + h); ctx.lineTo(i + h, top); }
      ctx.stroke(); ctx.restore();
    }
  }
  function chosen(u) { // the line that is read lies over the others
    if (on === null || d.lines.length < 2) return;
    const { ctx } = u, y = d.lines[on].values, path = new Path2D();
    let pen = false;
    y.forEach((v, i) => {
      if (v !== null) { const a = u.valToPos(x[i], 'x', true), b = u.valToPos(v, 'y', true); pen ? path.lineTo(a, b) : (path.moveTo(a, b), path.lineTo(a + .1, b)); }
      pen = v !== null;
    });
    ctx.save(); ctx.beginPath(); ctx.rect(u.bbox.left, u.bbox.top - px(4), u.bbox.width, u.bbox.height + px(8)); ctx.clip();
    ctx.lineJoin = ctx.lineCap = 'round';
    for (const [colour, w] of [['paper', 6], ['ink', 2.75]]) { ctx.strokeStyle = token(colour); ctx.lineWidth = px(w); ctx.stroke(path); }
    ctx.restore();
  }
  function read() {
    const i = u.cursor.idx, line = on ?? (d.lines.length === 1 ? 0 : null);
    const value = line === null ? `${d.lines.filter(l => l.values[i] != null).length} series` : i == null ? '' : d.lines[line].values[i] == null ? 'no value' : number(d.lines[line].values[i]);
    out.replaceChildren();
    if (i == null && line === null) return;
    const bold = document.createElement('b');
    bold.textContent = value;
    out.append(i == null ? '' : `${stamp(x[i])} · `, bold, line !== null && d.lines.length > 1 ? ` ${d.lines[line].name}` : '');
  }
  function choose(i) {
    if (on !== i) {
      on = i;
      rows.forEach((r, n) => r.toggleAttribute('data-on', n === i));
      u.redraw(false);
    }
    read();
  }
  function draw(paper) {
    u?.destroy(); plot.replaceChildren();
    width = paper ?? plot.clientWidth;
    const compact = width < 560, muted = d.lines.length > looks.length;
    const look = i => { const [colour, dash] = looks[i] ?? ['rule-2', []]; return { stroke: token(colour), dash: dash.map(px).map(v => v / devicePixelRatio), width: looks[i] ? (d.lines.length === 1 ? 2 : 1.5) : 1 }; };
    const side = 16 + Math.max(...d.ticks.map(t => t.text.length)) * 7;
    u = new uPlot({
      width, height: plot.clientHeight, padding: [10, compact ? 8 : 16, 0, 0], legend: { show: false },
      scales: { x: { time: true, range: () => [d.start, end > d.start ? end : d.start + 1] }, y: { range: () => [d.low, d.high] } },
      tzDate: s => uPlot.tzDate(new Date(s * 1000), 'Etc/UTC'),
      cursor: { y: false, points: { one: true, size: 7, fill: token('paper'), stroke: token('ink'), width: 2 }, drag: { x: true, y: false, setScale: false }, focus: { prox: d.lines.length > 1 ? 24 : -1 } },
      focus: { alpha: 1 },
      axes: [
        { stroke: token('ink-2'), font: `12px ${sans()}`, size: 28, gap: 6, grid: { show: false }, ticks: { stroke: token('rule-2'), width: 1, size: 4 }, space: compact ? 64 : 88,
          values: (_, s) => s.map((v, i) => { const q = new Date(v * 1000), apart = s.length > 1 ? s[1] - s[0] : 3600; return apart >= 86400 || (!q.getUTCHours() && !q.getUTCMinutes() && !q.getUTCSeconds()) ? `${q.getUTCDate()} ${M[q.getUTCMonth()]}` : clock(q, apart < 60); }) },
        { stroke: token('ink-2'), font: `12px ${sans()}`, size: side, gap: 6, grid: { stroke: token('rule'), width: 1 }, ticks: { show: false }, splits: () => d.ticks.map(t => t.at), values: () => d.ticks.map(t => t.text) },
      ],
      // The first lies over the rest, as it does in the legend.
      series: [{}, ...d.lines.map((_, i) => ({ ...look(i), spanGaps: false, points: { show: (c, s) => lone(d.lines[s - 1].values).length > 0, size: 4, width: 0, fill: look(i).stroke, filter: (c, s, show) => show === false ? [] : lone(d.lines[s - 1].values) } }))],
      hooks: {
        drawAxes: [hatch], draw: [chosen],
        setCursor: [() => read()],
        setSeries: [(_, s, o) => { if (o.focus !== undefined && d.lines.length > 1) choose(s == null ? pinned : s - 1); }],
        setSelect: [c => { if (c.select.width > 6) zoom(c.posToVal(c.select.left, 'x'), c.posToVal(c.select.left + c.select.width, 'x')); }],
      },
    }, [x, ...d.lines.map(l => l.values)], plot);
    figure.dataset.drawn = d.lines.length;
    if (muted) figure.dataset.muted = '';
  }
  const lone = y => y.flatMap((v, i) => v != null && y[i - 1] == null && y[i + 1] == null ? [i] : []);
  function zoom(from, to) {
    const unit = to - from > 600 ? 60 : 1, range = Math.max(10, Math.round((to - from) / unit) * unit), url = new URL(location);
    url.searchParams.set('range', `${range}s`);
    url.searchParams.set('end', new Date(Math.ceil(to / unit) * unit * 1000).toISOString().slice(0, 19).replace('T', ' '));
    location.assign(url);
  }
  document.fonts.ready.then(() => {
    draw();
    new ResizeObserver(() => { if (plot.clientWidth !== width) draw(); }).observe(plot);
    // Each row of the legend chooses its line: passing over it shows it, pressing it keeps it.
    rows.forEach((row, i) => {
      const name = row.querySelector('th'), button = document.createElement('button');
      button.type = 'button'; button.className = 'pick'; button.textContent = name.textContent; button.setAttribute('aria-pressed', 'false');
      name.replaceChildren(button);
      row.addEventListener('mouseenter', () => choose(i));
      row.addEventListener('mouseleave', () => choose(pinned));
      button.addEventListener('focus', () => choose(i));
      button.addEventListener('blur', () => choose(pinned));
      row.addEventListener('click', () => {
        pinned = pinned === i ? null : i;
        rows.forEach((r, n) => r.querySelector('.pick').setAttribute('aria-pressed', n === pinned));
        choose(i);
      });
    });
  });
  plot.addEventListener('keydown', e => {
    const step = { ArrowRight: 1, ArrowLeft: -1, PageUp: -10, PageDown: 10 }[e.key], last = x.length - 1, n = d.lines.length;
    let i = u.cursor.idx ?? last + (step < 0 ? 1 : 0);
    if (e.key === 'Escape') { u.setCursor({ left: -10, top: -10 }); pinned = null; choose(null); return; }
    if (e.key === 'ArrowDown' || e.key === 'ArrowUp') { e.preventDefault(); choose(on === null ? (e.key === 'ArrowDown' ? 0 : n - 1) : (on + (e.key === 'ArrowDown' ? 1 : n - 1)) % n); return; }
    if (e.key === 'Home') i = 0; else if (e.key === 'End') i = last;
    else if (step) i = Math.max(0, Math.min(last, i + step)); else return;
    e.preventDefault();
    const kept = on, y = kept === null ? null : d.lines[kept].values[i];
    pinned = kept;
    u.setCursor({ left: u.valToPos(x[i], 'x'), top: y == null ? 0 : u.valToPos(y, 'y') });
    choose(kept);
  });
  const redraw = paper => { if (u) draw(paper); };
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => redraw());
  addEventListener('themechange', () => redraw());
  addEventListener('beforeprint', () => redraw(680));
  addEventListener('afterprint', () => redraw());
})();
