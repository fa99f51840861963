// What is wrong with the page that is shown: functions that tests/browser/looks.py calls.
({
exceptions: () => [...document.querySelectorAll('[data-testid=stException]')]
  .map(e => e.innerText.slice(0, 300)),

cut: () => {
  const width = window.innerWidth, told = [];
  const shown = e => e.checkVisibility() && e.getBoundingClientRect().width > 0;
  const name = e => (e.innerText || e.getAttribute('aria-label') || e.className || e.tagName)
    .toString().trim().replace(/\s+/g, ' ').slice(0, 60);
  const main = document.querySelector('[data-testid=stMain]');
  if (main.scrollWidth > main.clientWidth + 1) told.push('the page scrolls sideways');
  for (const grid of main.querySelectorAll('.dvn-scroller'))
    if (shown(grid) && grid.scrollWidth > grid.clientWidth + 2)
      told.push('a data grid of ' + grid.scrollWidth + ' px in ' + grid.clientWidth + ' px: show_table');
  for (const e of main.querySelectorAll('p, li, dd, dt, td, th, label, button, h2, h3, pre, span')) {
    if (!shown(e) || e.closest('svg, .dvn-scroller, [data-testid=stIconMaterial]')) continue;
    if (e.closest('.farol-heading, [role=tablist]')) continue;
    const box = e.getBoundingClientRect(), style = getComputedStyle(e);
    if (box.right > width + 1) told.push('beyond the edge: ' + name(e));
    else if (style.overflowX !== 'visible' && style.textOverflow === 'ellipsis'
             && e.scrollWidth > e.clientWidth + 1) told.push('cut off: ' + name(e));
  }
  for (const e of main.querySelectorAll('svg.main-svg text')) {
    const box = e.getBoundingClientRect();
    if (!box.width || !e.checkVisibility()) continue;
    const around = e.closest('.js-plotly-plot').getBoundingClientRect();
    if (box.left < around.left - 2 || box.right > around.right + 2)
      told.push('a chart cuts off ' + e.textContent);
  }
  return [...new Set(told)];
},

pale: least => {
  const numbers = c => (c.match(/[\d.]+/g) || []).map(Number);
  const bright = c => c.slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const over = (top, under) => {
    const a = top.length > 3 ? top[3] : 1;
    return [0, 1, 2].map(i => top[i] * a + under[i] * (1 - a));
  };
  const behind = e => {
    const layers = [];
    for (let p = e; p; p = p.parentElement) layers.push(numbers(getComputedStyle(p).backgroundColor));
    return layers.reverse().reduce((under, top) => top.length ? over(top, under) : under, [255, 255, 255]);
  };
  const told = [];
  for (const e of document.querySelectorAll('[data-testid=stMain] :is(p, li, h2, h3, dt, dd, label, code)')) {
    const text = e.innerText.trim();
    if (!text || !e.checkVisibility() || e.closest('.farol-heading, [disabled]')) continue;
    const ground = behind(e), style = getComputedStyle(e);
    const ink = numbers(style.color);
    if (ink.length > 3) ink[3] *= Number(style.opacity); else ink.push(Number(style.opacity));
    const [a, b] = [bright(over(ink, ground)), bright(ground)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < least) told.push(text.slice(0, 60) + ' (' + ratio.toFixed(1) + ' : 1)');
  }
  return told;
},

ground: () => getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor
  .match(/[\d.]+/g).slice(0, 3).map(Number).reduce((a, b) => a + b) / 3,

unnamed: () => {
  const told = [];
  const name = e => e.getAttribute('aria-label') || e.getAttribute('title') || e.innerText.trim()
    || (e.labels && [...e.labels].map(l => l.innerText).join('')) || e.getAttribute('alt')
    || (e.getAttribute('aria-labelledby') || '').split(' ')
         .map(i => document.getElementById(i)?.innerText || '').join('');
  const kinds = 'button, a[href], input, textarea, [role=button], [role=combobox], img';
  for (const e of document.querySelectorAll(kinds))
    if (e.checkVisibility() && e.type !== 'hidden' && e.tabIndex >= 0 && !name(e)) told.push(e.outerHTML.slice(0, 160));
  for (const e of document.querySelectorAll('[data-testid=stPlotlyChart]'))
    if (!(e.querySelector('[aria-label]') || e.closest('[aria-label]'))) told.push('a chart without a text');
  if (document.querySelectorAll('h1').length !== 1) told.push('not one first heading');
  return told;
},

texts: () => {
  const copy = [];
  // What Streamlit writes into the uploader is replaced by style: dashboard/reading/frame.py.
  const technical = 'code, pre, [lang=en], [data-testid=stJson], [data-testid=stIconMaterial], style, script, '
    + '[data-testid=stFileUploaderDropzone]';
  const walk = node => {
    for (const child of node.childNodes) {
      if (child.nodeType === Node.TEXT_NODE) copy.push(child.data);
      else if (child.nodeType === Node.ELEMENT_NODE && !child.matches(technical)) {
        const block = !['SPAN', 'STRONG', 'EM', 'A', 'B', 'tspan'].includes(child.tagName);
        if (block) copy.push('\n');
        walk(child);
        if (block) copy.push('\n');
      }
    }
  };
  walk(document.querySelector('[data-testid=stApp]'));
  return copy.join('').split('\n').map(line => line.trim().replace(/\s+/g, ' ')).filter(Boolean);
},
})
