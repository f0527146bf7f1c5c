// The live page: draws what the server sends, and judges it. Nothing of it is inserted as HTML.

/** Thresholds that the page calls slow and failing; the alert rules of examples/observing have the same. */
const slowAt = 1;
const failingAt = 0.05;
const busyAt = 0.85;

/** How far the charts reach back, and the tables, in s. */
const shown = 300;
const minute = 60;
/** Each tells of its `seconds`: few while a page is open, more before. */
const samples = [];

const byId = (id) => document.getElementById(id);
const svgNames = 'http://www.w3.org/2000/svg';

function element(name, attributes = {}, ...children) {
  const one = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) one.setAttribute(key, value);
  one.append(...children);
  return one;
}

function shape(name, attributes, ...children) {
  const one = document.createElementNS(svgNames, name);
  for (const [key, value] of Object.entries(attributes)) one.setAttribute(key, value);
  one.append(...children);
  return one;
}

const rate = (value) => (value >= 100 ? value.toFixed(0) : value.toFixed(1));
const percent = (share) => `${(share * 100).toFixed(share < 0.1 && share > 0 ? 1 : 0)} %`;
const time = (seconds) =>
  seconds === null ? '–' : seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(1)} s`;
const mib = (value) => `${Math.round(value)} MiB`;
const severity = (value, warn, bad) => (value >= bad ? 'bad' : value >= warn ? 'warn' : '');

const lengthOf = (some) => some.reduce((sum, { seconds }) => sum + seconds, 0);

/** The last samples, of about so many seconds. */
function lately(seconds) {
  let at = samples.length;
  for (let left = seconds; at > 0 && left > 0; at--) left -= samples[at - 1].seconds;
  return samples.slice(at);
}

/** Where each sample begins in a chart that is 1 wide. */
function beginnings() {
  let at = 1 - lengthOf(samples) / shown;
  return samples.map(({ seconds }) => {
    const begin = at;
    at += seconds / shown;
    return begin;
  });
}

const classes = ['2xx', '3xx', '4xx', '5xx', '6xx'];

function drawCalls() {
  const chart = byId('calls');
  const totals = samples.map(({ replies }) => classes.reduce((sum, one) => sum + (replies[one] ?? 0), 0));
  const highest = Math.max(1, ...totals);
  const begins = beginnings();
  const bars = samples.flatMap(({ replies, seconds }, at) => {
    let y = 120;
    return classes.flatMap((one) => {
      const height = ((replies[one] ?? 0) / highest) * 116;
      if (height === 0) return [];
      y -= height;
      const [x, width] = [begins[at] * 600, (seconds / shown) * 600 - 0.5];
      return shape('rect', { class: `r${one[0]}`, x, y, width, height });
    });
  });
  chart.replaceChildren(...bars);
  const last = samples.at(-1);
  byId('legend').replaceChildren(
    ...classes.map((one) =>
      element(
        'li',
        {},
        shape('svg', { viewBox: '0 0 10 10' }, shape('rect', { class: `r${one[0]}`, width: 10, height: 10 })),
        `${one}: ${rate(last.replies[one] ?? 0)}`,
      ),
    ),
    element('li', { class: 'quiet' }, `full height: ${rate(highest)} a second`),
  );
}

/** What is known of a host over the last minute: calls a second, failures, latency. */
function hostOf(name) {
  const active = lately(minute).filter(({ hosts }) => hosts[name] !== undefined);
  const recent = active.map(({ hosts }) => hosts[name]);
  const calls = recent.reduce((sum, { count }) => sum + count, 0);
  const kinds = {};
  for (const { failures } of recent)
    for (const [kind, count] of Object.entries(failures)) kinds[kind] = (kinds[kind] ?? 0) + count;
  const [worst] = Object.entries(kinds).sort(([, a], [, b]) => b - a);
  const failed = Object.values(kinds).reduce((sum, count) => sum + count, 0);
  const slowest = recent.map(({ p99 }) => p99).filter((p99) => p99 !== null);
  const medians = recent.map(({ median }) => median).filter((median) => median !== null);
  return {
    name,
    rate: calls / Math.max(lengthOf(active), 1),
    calls,
    failedShare: calls === 0 ? 0 : failed / calls,
    worst: worst?.[0] ?? '',
    p99: slowest.length === 0 ? null : Math.max(...slowest),
    median: medians.length === 0 ? null : medians.sort((a, b) => a - b)[Math.floor(medians.length / 2)],
    phase: recent.at(-1)?.phase ?? '',
    curve: samples.map(({ hosts }) => hosts[name]?.p99 ?? null),
    outcomes: samples.map(({ hosts }) => outcomesOf(hosts[name])),
  };
}

/** How many calls of one sample have succeeded, and failed. */
function outcomesOf(host) {
  if (host === undefined) return [0, 0];
  const failed = Object.values(host.failures).reduce((sum, count) => sum + count, 0);
  return [Math.max(0, host.count - failed), failed];
}

/** Calls a second over five minutes, the failed ones on top. */
function barsOf(outcomes) {
  const begins = beginnings();
  const rates = outcomes.map(([good, bad], at) => [good / samples[at].seconds, bad / samples[at].seconds]);
  const highest = Math.max(0.001, ...rates.map(([good, bad]) => good + bad));
  const bars = rates.flatMap(([good, bad], at) => {
    const [x, width] = [begins[at] * 120, Math.max(1, (samples[at].seconds / shown) * 120)];
    const [low, high] = [(good / highest) * 23, (bad / highest) * 23];
    return [
      [low, 24 - low, 'r2'],
      [high, 24 - low - high, 'r5'],
    ].flatMap(([height, y, style]) =>
      height === 0 ? [] : [shape('rect', { class: style, x, y, width, height })],
    );
  });
  const failed = outcomes.reduce((sum, [, bad]) => sum + bad, 0);
  const label = `calls over 5 minutes, ${failed} failed`;
  return shape(
    'svg',
    { class: 'curve', viewBox: '0 0 120 24', preserveAspectRatio: 'none', role: 'img', 'aria-label': label },
    ...bars,
  );
}

function curveOf(values) {
  const begins = beginnings();
  const highest = Math.max(0.001, ...values.map((value) => value ?? 0));
  let d = '';
  let isDrawn = false;
  for (const [at, value] of values.entries()) {
    if (value === null) {
      isDrawn = false;
      continue;
    }
    const x = begins[at] * 120;
    d += `${isDrawn ? 'L' : 'M'}${x.toFixed(1)} ${(23 - (value / highest) * 21).toFixed(1)}`;
    isDrawn = true;
  }
  const label = `p99 over 5 minutes, highest ${time(highest)}`;
  return shape(
    'svg',
    { class: 'curve', viewBox: '0 0 120 24', preserveAspectRatio: 'none', role: 'img', 'aria-label': label },
    shape('path', { d }),
  );
}

/** Rows of cells, each a text, or a text or node with a class. */
function drawTable(id, heads, rows, empty) {
  if (rows.length === 0) return byId(id).replaceChildren(element('p', { class: 'quiet' }, empty));
  const cell = (content) =>
    Array.isArray(content)
      ? element('td', { class: content[1], title: content[2] ?? '' }, content[0])
      : element('td', {}, content);
  const head = element(
    'tr',
    {},
    ...heads.map(([text, style = '']) => element('th', { scope: 'col', class: style }, text)),
  );
  byId(id).replaceChildren(
    element(
      'table',
      {},
      element('thead', {}, head),
      element('tbody', {}, ...rows.map((cells) => element('tr', {}, ...cells.map(cell)))),
    ),
  );
}

function drawHosts(hosts) {
  drawTable(
    'hosts',
    [
      ['host'],
      ['p99'],
      ['failing'],
      ['calls/s'],
      ['median'],
      ['slowest phase'],
      ['p99, 5 min'],
      ['outcomes, 5 min'],
    ],
    hosts.map((host) => [
      host.name,
      [time(host.p99), severity(host.p99 ?? 0, slowAt / 2, slowAt)],
      [
        host.failedShare === 0 ? '0 %' : `${percent(host.failedShare)} ${host.worst}`,
        severity(host.failedShare, failingAt / 5, failingAt),
      ],
      rate(host.rate),
      time(host.median),
      host.phase,
      curveOf(host.curve),
      barsOf(host.outcomes),
    ]),
    'no REST call yet',
  );
}

/** Of the slowest calls, by what does not change: an open one stays open. */
const slowCalls = new Map();

function drawSlowest(slowest) {
  const focused = document.activeElement;
  const shownCalls = slowest.map((one) => {
    const key = JSON.stringify([one.call, one.method, one.url, one.milliseconds]);
    const known = slowCalls.get(key) ?? slowCall(one);
    slowCalls.set(key, known);
    known.lastElementChild.replaceChildren(...one.ladder.map(ladderLine));
    return known;
  });
  for (const [key, one] of slowCalls) if (!shownCalls.includes(one)) slowCalls.delete(key);
  const place = byId('slow');
  if (shownCalls.length === 0) return place.replaceChildren(element('p', { class: 'quiet' }, 'none'));
  if (shownCalls.some((one, at) => place.children[at] !== one) || place.children.length > shownCalls.length)
    place.replaceChildren(...shownCalls);
  if (place.contains(focused)) focused.focus();
}

function slowCall({ milliseconds, outcome, method, url, call }) {
  const seconds = milliseconds / 1000;
  return element(
    'details',
    {},
    element(
      'summary',
      {},
      element('b', { class: severity(seconds, slowAt / 2, slowAt) }, time(seconds)),
      element('span', {}, outcome),
      element('span', { class: 'wide' }, `${method} ${url}`),
      element('span', { class: 'quiet wide' }, call),
    ),
    element('ol', { class: 'ladder' }),
  );
}

const ladderLine = ({ at, kind, text }) =>
  element(
    'li',
    { class: kind.split(' ')[0] },
    element('span', {}, at < 10_000 ? `${at.toFixed(1)} ms` : time(at / 1000)),
    element('span', {}, kind),
    element('span', {}, text),
  );

function drawProcesses({ processes }) {
  drawTable(
    'processes',
    [['process'], ['pid'], ['requests/s'], ['load'], ['loop delay p99'], ['memory'], ['heap'], ['uptime']],
    processes.map((one) => [
      String(one.number),
      String(one.pid),
      rate(one.requests),
      [percent(one.load), severity(one.load, busyAt, 0.97)],
      [time(one.delay / 1000), severity(one.delay, 50, 500)],
      mib(one.memory),
      [percent(one.heap), severity(one.heap, 0.8, 0.95)],
      one.uptime < 120
        ? `${one.uptime} s`
        : one.uptime < 7200
          ? `${Math.round(one.uptime / 60)} min`
          : `${Math.round(one.uptime / 3600)} h`,
    ]),
    'no process answers',
  );
}

function drawTiles(last) {
  const calls = classes.reduce((sum, one) => sum + (last.replies[one] ?? 0), 0);
  const tiles = [
    ['final replies/s', rate(calls), ''],
    ['refused/s', rate(last.refused), severity(last.refused, 0.01, 1)],
    ['calls in progress', String(last.unfinished), ''],
    ['waiting for a worker', String(last.queue), severity(last.queue, 100, 1000)],
    [
      'busy workers',
      `${last.busy} of ${last.workers}`,
      severity(last.busy / Math.max(last.workers, 1), 0.9, 1),
    ],
    ['REST calls running', String(last.running), ''],
    ['memory', mib(last.processes.reduce((sum, { memory }) => sum + memory, 0)), ''],
  ];
  byId('tiles').replaceChildren(
    ...tiles.map(([name, value, style]) =>
      element('div', {}, element('dt', {}, name), element('dd', { class: style }, value)),
    ),
  );
}

/** What is wrong, the worst first. */
function problemsOf(last, hosts) {
  const recent = lately(minute);
  const all = [];
  if (last.state === 'stopping') all.push(['warn', 'The server is stopping: it refuses new calls.']);
  if (last.processes.length === 0) all.push(['bad', 'No process answers.']);
  if (last.overloaded > 0)
    all.push(['bad', `Overloaded: ${rate(last.refused)} requests a second are refused with 503.`]);
  if (recent.some(({ restarts }) => restarts > 0))
    all.push(['bad', 'A process died and was started again in the last minute.']);
  for (const { name, failedShare, worst } of hosts)
    if (failedShare >= failingAt)
      all.push(['bad', `${name}: ${percent(failedShare)} of REST calls fail, mostly ${worst}.`]);
  for (const { name, p99, phase } of hosts)
    if ((p99 ?? 0) >= slowAt) all.push(['bad', `${name} is slow: p99 ${time(p99)}, mostly ${phase}.`]);
  for (const name of last.open)
    all.push(['bad', `${name}: the circuit breaker is open, its calls fail at once.`]);
  const latest = lately(10);
  const hangs = latest.every(({ running, hosts: ended }) => running > 0 && Object.keys(ended).length === 0);
  if (lengthOf(latest) > 9 && hangs)
    all.push(['bad', `${last.running} REST calls run and none has ended for 10 s: a service hangs.`]);
  for (const { number, load, heap, delay } of last.processes) {
    if (load >= busyAt) all.push(['warn', `Process ${number} is busy: load ${percent(load)}.`]);
    if (heap >= 0.8) all.push(['warn', `Process ${number} uses ${percent(heap)} of its heap.`]);
    if (delay >= 500)
      all.push(['warn', `Process ${number}: the event loop is late by ${time(delay / 1000)}.`]);
  }
  if (last.lost > 0) all.push(['warn', 'Log lines are lost.']);
  return all;
}

let shownProblems = '';

function drawVerdict(problems) {
  const text = JSON.stringify(problems);
  if (text === shownProblems) return; // a screen reader would read it again
  shownProblems = text;
  const verdict = byId('verdict');
  const worst = problems.some(([level]) => level === 'bad') ? 'bad' : problems.length > 0 ? 'warn' : 'good';
  verdict.className = worst;
  const [head, list] = verdict.children;
  head.textContent =
    problems.length === 0
      ? 'All is well'
      : problems.length === 1
        ? 'Something is wrong'
        : `${problems.length} things are wrong`;
  list.replaceChildren(...problems.map(([level, what]) => element('li', { class: level }, what)));
  document.title = `${problems.length === 0 ? '' : `(${problems.length}) `}siprest`;
}

function draw() {
  const last = samples.at(-1);
  const names = new Set(samples.flatMap(({ hosts }) => Object.keys(hosts)));
  const hosts = [...names].map(hostOf);
  const weight = ({ failedShare, p99 }) =>
    (failedShare >= failingAt ? 2 : 0) + ((p99 ?? 0) >= slowAt ? 1 : 0);
  hosts.sort((a, b) => weight(b) - weight(a) || b.rate - a.rate || a.name.localeCompare(b.name));
  drawVerdict(problemsOf(last, hosts));
  drawTiles(last);
  drawCalls();
  drawHosts(hosts);
  drawProcesses(last);
}

const events = new EventSource('events');
const connection = byId('connection');
events.addEventListener('history', ({ data }) => {
  samples.splice(0, samples.length, ...JSON.parse(data));
  connection.textContent = 'live';
  connection.className = 'quiet';
  if (samples.length > 0) draw();
});
events.addEventListener('slowest', ({ data }) => drawSlowest(JSON.parse(data)));
events.addEventListener('sample', ({ data }) => {
  samples.push(JSON.parse(data));
  while (lengthOf(samples) > shown) samples.shift();
  draw();
});
events.addEventListener('error', () => {
  connection.textContent = 'no connection to the server; trying again';
  connection.className = 'bad';
});
