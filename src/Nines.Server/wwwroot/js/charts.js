// Charts of one objective. The page already carries a static SVG; this replaces it with uPlot
// when the script runs. Rules it keeps: gaps stay gaps, limits are drawn and named,
// arrow keys read the values.
(() => {
  if (!window.uPlot) return;
  const probe = document.createElement('i');
  document.body.append(probe);
  const token = name => { probe.style.color = `var(--${name})`; return getComputedStyle(probe).color; };
  const alpha = (name, a) => { probe.style.color = `oklch(from var(--${name}) l c h / ${a})`; return getComputedStyle(probe).color; };
  const px = v => v * devicePixelRatio;
  const font = (size = 12, weight = 400) => `${weight} ${px(size)}px ${getComputedStyle(document.body).fontFamily}`;
  const axisFont = () => `12px ${getComputedStyle(document.body).fontFamily}`;
  const pc = (v, d = 1) => `${v < 0 ? '−' : ''}${Math.abs(v) >= 1000 ? int(Math.abs(v)) : Math.abs(v).toFixed(d)}\u202f%`;
  const int = v => Math.round(v).toLocaleString('en-GB').replace('-', '−');
  const D = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'], M = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
  const two = v => String(v).padStart(2, '0');
  const stamp = s => { const d = new Date(s * 1000); return `${D[d.getUTCDay()]} ${d.getUTCDate()} ${M[d.getUTCMonth()]} ${two(d.getUTCHours())}:${two(d.getUTCMinutes())}`; };
  // the nines axis: 99 % is 2, 99.9 % is 3; an hour without failures sits on the top line
  const TOP = 5, toNines = (bad, total) => bad === 0 ? TOP : Math.min(TOP, -Math.log10(bad / total));
  const share = y => 100 * (1 - 10 ** -y);
  const nineLabel = y => y === TOP ? 'no failures' : `${+share(y).toFixed(y)}\u202f%`;

  function hatch(ctx, x, y, w, h) {
    ctx.save(); ctx.beginPath(); ctx.rect(x, y, w, h); ctx.clip();
    ctx.fillStyle = token('paper'); ctx.fillRect(x, y, w, h);
    ctx.strokeStyle = alpha('unknown', .55); ctx.lineWidth = px(1.25); ctx.beginPath();
    for (let i = x - h; i < x + w; i += px(5)) { ctx.moveTo(i, y + h); ctx.lineTo(i + h, y); }
    ctx.stroke(); ctx.restore();
  }
  const steps = (lo, hi, incr) => Array.from({ length: Math.floor(hi / incr) - Math.ceil(lo / incr) + 1 }, (_, i) => (Math.ceil(lo / incr) + i) * incr);
  const dash = (ctx, x0, x1, y, colour, pattern) => {
    ctx.save(); ctx.strokeStyle = colour; ctx.lineWidth = px(1); ctx.setLineDash(pattern.map(px));
    ctx.beginPath(); ctx.moveTo(x0, Math.round(y) + .5); ctx.lineTo(x1, Math.round(y) + .5); ctx.stroke(); ctx.restore();
  };
  function label(ctx, text, x, y, colour, { align = 'left', weight = 400, back = true } = {}) {
    ctx.save(); ctx.font = font(12, weight); ctx.textAlign = align; ctx.textBaseline = 'alphabetic';
    if (back) { ctx.lineJoin = 'round'; ctx.lineWidth = px(4); ctx.strokeStyle = token('paper'); ctx.strokeText(text, x, y); }
    ctx.fillStyle = colour; ctx.fillText(text, x, y); ctx.restore();
  }

  function gaps(u, d) { // over the series: a gap hides nothing and no line crosses it; events lost with a process are a mark on the axis
    const { left, top, width, height } = u.bbox;
    for (const g of d.gaps) {
      const a = Math.max(left, u.valToPos(g.from, 'x', true)), b = Math.min(left + width, Math.max(u.valToPos(g.to, 'x', true), a + px(4)));
      if (b > a) g.unseen ? hatch(u.ctx, a, top + height - px(9), b - a, px(9)) : hatch(u.ctx, a, top, b - a, height);
    }
  }
  function seams(u, d) { // where the promise was edited: what lies left of it was counted or judged otherwise
    const { left, top, width, height } = u.bbox;
    let free = left + width; // the latest first: a label that would run into the next is left out, its line stays
    for (const s of d.seams ?? []) {
      const x = Math.round(u.valToPos(s.at, 'x', true)) + .5;
      if (x < left || x > left + width) continue;
      u.ctx.save(); u.ctx.strokeStyle = token('ink'); u.ctx.lineWidth = px(1); u.ctx.setLineDash([px(3), px(3)]);
      u.ctx.beginPath(); u.ctx.moveTo(x, top - px(8)); u.ctx.lineTo(x, top + height); u.ctx.stroke(); u.ctx.restore();
      const right = x > left + .6 * width;
      u.ctx.save(); u.ctx.font = font(); const wide = u.ctx.measureText(s.text).width + px(10); u.ctx.restore();
      const from = right ? x - wide : x;
      if (from + wide > free || from < left) continue;
      free = from;
      label(u.ctx, s.text, x + px(right ? -5 : 5), top - px(4), token('ink'), { align: right ? 'right' : 'left' });
    }
  }
  // a point between gaps has no line to be part of
  const lone = y => (_, s, show) => s === 1 && show !== false ? y().flatMap((v, i, all) => v != null && all[i - 1] == null && all[i + 1] == null ? [i] : []) : [];

  const kinds = {
    budget(d, compact) {
      return {
        y: d.drawn, range: [Math.min(0, ...d.drawn.filter(v => v != null)), 100], splits: Math.min(0, ...d.drawn) < -50 ? null : [0, 25, 50, 75, 100], values: v => pc(v, 0),
        series: { stroke: token('ink'), width: 2, fill: alpha('ink', .05) },
        under(u) {
          const { ctx } = u, { left, width } = u.bbox, at = v => u.valToPos(v, 'y', true);
          const strip = (lo, hi, name) => { ctx.fillStyle = alpha(name, .09); ctx.fillRect(left, at(hi), width, at(lo) - at(hi)); };
          d.bounds.forEach((b, i) => strip(d.bounds[i + 1]?.at ?? 0, b.at, b.state));
        },
        over(u) {
          const { ctx } = u, { left, width } = u.bbox, at = v => u.valToPos(v, 'y', true), end = left + width;
          for (const b of d.bounds) dash(ctx, left, end, at(b.at), token(`${b.state}-text`), [4, 3]);
          gaps(u, d);
          seams(u, d);
          d.bounds.forEach((b, i) => { // far overspent, or with bands close together, they are too thin for their names
            if (at(d.bounds[i + 1]?.at ?? 0) - at(b.at) > px(16)) label(ctx, compact ? b.name : `${b.name} under ${b.at}\u202f%`, left + px(6), at(b.at) + px(14), token(`${b.state}-text`), { back: false });
          });
          const i = d.drawn.findLastIndex(v => v != null);
          if (i < 0) return;
          const x = u.valToPos(d.x[i], 'x', true), y = at(d.left[i]), tone = d.state === 'unknown' ? 'ink-2' : `${d.state}-text`;
          ctx.beginPath(); ctx.arc(x, y, px(4), 0, 7); ctx.fillStyle = token(d.state); ctx.fill(); ctx.lineWidth = px(2); ctx.strokeStyle = token('paper'); ctx.stroke();
          label(ctx, pc(d.left[i]), end + px(10), y + px(4), token(tone), { weight: 650, back: false });
        },
      };
    },
    sli(d, compact) {
      const goal = -Math.log10(1 - d.slo);
      return {
        y: d.nines, range: [.5, 5.15], splits: [1, 2, 3, 4, 5], values: v => compact && v === TOP ? '100\u202f%' : nineLabel(v),
        series: { stroke: token('ink-2'), width: 1 },
        under() {},
        over(u) {
          const { ctx } = u, { left, top, width, height } = u.bbox, at = v => u.valToPos(v, 'y', true);
          ctx.save(); ctx.fillStyle = token('exhausted'); ctx.beginPath(); ctx.rect(left, top, width, height); ctx.clip();
          d.nines.forEach((v, i) => { if (v != null && v < goal) { const x = u.valToPos(d.x[i], 'x', true), w = Math.max(px(2.5), x - u.valToPos(d.x[i] - d.step, 'x', true) - px(.5)); ctx.fillRect(x - w, at(goal), w, at(v) - at(goal)); } });
          ctx.restore();
          dash(ctx, left, left + width, at(goal), token('ink'), [4, 3]);
          gaps(u, d);
          seams(u, d);
          label(ctx, compact ? 'Objective' : `Objective ${+(d.slo * 100).toFixed(3)}\u202f%`, left + px(6), at(goal) + px(15), token('ink'), { weight: 650 });
        },
      };
    },
  };

  kinds.policy = kinds.budget;

  function read(d, i) {
    const events = d.notes ? d.notes[i] : d.total[i] == null ? 'no data' : d.known[i] <= 0 ? 'course unknown' : `${int(d.bad[i])} of ${int(d.total[i])} failed${d.total[i] ? ` · burn ${(d.bad[i] / d.total[i] / (1 - d.slo)).toFixed(2)}×` : ''}${d.known[i] < .99 ? ` · ${pc(100 * d.known[i], 0)} observed` : ''}`;
    return `${stamp(d.x[i])} · ${events}${d.left[i] == null ? '' : ` · ${pc(d.left[i])} left`}`;
  }

  function data(text) {
    const d = JSON.parse(text);
    d.x = d.left.map((_, i) => d.start + (i + 1) * d.step); // a point is drawn at its end
    d.drawn = d.left.map((v, i) => d.notes || d.known[i] > 0 ? v : null);
    d.nines = d.total.map((t, i) => t && d.known[i] > 0 ? toNines(d.bad[i], t) : null);
    return d;
  }

  const built = [];
  function build(figure) {
    const source = () => document.getElementById(figure.dataset.source).textContent;
    const plot = figure.querySelector('.plot'), out = figure.querySelector('output'), rest = out?.textContent ?? '';
    let text = source(), d = data(text), width, k, u;
    const draw = paper => {
      u?.destroy(); plot.replaceChildren();
      width = paper ?? plot.clientWidth;
      const compact = width < 560;
      k = kinds[figure.dataset.chart](d, compact);
      const far = Math.min(0, ...d.drawn) < -999;
      u = new uPlot({
        width, height: plot.clientHeight, padding: [22, far ? 76 : compact ? 52 : 56, 0, 0], legend: { show: false },
        scales: { x: { time: true, range: (_, lo, hi) => (lo === d.x[0] ? [d.start, hi] : [lo, hi]) }, y: { range: () => k.range } }, tzDate: s => uPlot.tzDate(new Date(s * 1000), 'Etc/UTC'),
        cursor: { y: false, sync: { key: figure.dataset.source }, points: { size: 7, fill: token('paper'), stroke: token('ink'), width: 2 }, drag: { x: true, y: false } },
        axes: [
          { stroke: token('ink-2'), font: axisFont(), size: 28, gap: 6, grid: { show: false }, ticks: { stroke: token('rule-2'), width: 1, size: 4 }, space: compact ? 64 : 72,
            values: (_, s) => s.map((v, i) => { const q = new Date(v * 1000); return q.getUTCHours() || q.getUTCMinutes() || (s.length > 1 && s[1] - s[0] < 3600 * 6) ? `${two(q.getUTCHours())}:${two(q.getUTCMinutes())}` : `${q.getUTCDate()}${i === 0 || q.getUTCDate() <= (s[1] - s[0]) / 86400 ? ' ' + M[q.getUTCMonth()] : ''}`; }) },
          { stroke: token('ink-2'), font: axisFont(), size: compact && !far ? 54 : 76, gap: 6, grid: { stroke: token('rule'), width: 1 }, ticks: { show: false }, splits: (c, axis, lo, hi, incr) => k.splits ?? steps(lo, hi, incr), values: (_, s) => s.map(v => k.values(v)) },
        ],
        series: [{}, { ...k.series, spanGaps: false, points: { show: true, size: 4, width: 0, fill: k.series.stroke, filter: lone(() => k.y) } }],
        hooks: { drawAxes: [c => k.under(c)], draw: [c => k.over(c)], setCursor: [c => { if (out) out.textContent = c.cursor.idx == null ? rest : read(d, c.cursor.idx); }] },
      }, [d.x, k.y], plot);
      figure.dataset.drawn = d.x.at(-1);
    };
    // New data goes into the same canvas: nothing flickers, the cursor and a zoom stay.
    draw.refresh = () => {
      const now = source();
      if (now === text) return;
      const zoomed = u.scales.x.min > d.start + 1;
      text = now; d = data(text); k = kinds[figure.dataset.chart](d, width < 560);
      u.setData([d.x, k.y], !zoomed);
      if (zoomed) u.redraw();
      figure.dataset.drawn = d.x.at(-1);
    };
    draw(); built.push(draw);
    new ResizeObserver(() => { if (plot.clientWidth !== width) draw(); }).observe(plot);
    plot.addEventListener('keydown', e => {
      const step = { ArrowRight: 1, ArrowLeft: -1, PageUp: -10, PageDown: 10 }[e.key], last = d.x.length - 1;
      let i = u.cursor.idx ?? last + (step < 0 ? 1 : 0);
      if (e.key === 'Escape') { u.setCursor({ left: -10, top: -10 }, true, true); return; }
      if (e.key === 'Home') i = 0; else if (e.key === 'End') i = last;
      else if (step) i = Math.max(0, Math.min(last, i + step)); else return;
      e.preventDefault();
      u.setCursor({ left: u.valToPos(d.x[i], 'x'), top: 10 }, true, true);
    });
  }
  const redraw = paper => built.forEach(f => f(paper));
  document.fonts.ready.then(() => document.querySelectorAll('figure[data-chart]').forEach(build));
  document.addEventListener('htmx:after:swap', () => built.forEach(f => f.refresh()));
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => redraw());
  addEventListener('themechange', () => redraw());
  addEventListener('beforeprint', () => redraw(680)); // the width of A4 in CSS pixels, less margins
  addEventListener('afterprint', () => redraw());
})();
