/// The page at `/`: connects to this server, chats with its echo, and shows states and statistics as they change.
let page = #"""
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>swift-rtc peer</title>
<style>
:root { color-scheme: light dark; --line: #8884; --accent: #e4572e; --good: #2a9d5c; --bad: #c8323c; --card: #8881; }
* { box-sizing: border-box; }
body { font: 15px/1.45 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1.5rem; }
header { display: flex; align-items: baseline; gap: 1rem; flex-wrap: wrap; }
h1 { font-size: 1.4rem; margin: 0; }
h2 { font-size: .85rem; text-transform: uppercase; letter-spacing: .06em; opacity: .7; margin: 0 0 .5rem; }
button { font: inherit; padding: .4rem 1rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--card); cursor: pointer; }
button.primary { background: var(--accent); border-color: var(--accent); color: #fff; }
button:disabled { opacity: .45; cursor: default; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); gap: 1rem; margin-top: 1rem; }
.card { border: 1px solid var(--line); border-radius: .75rem; padding: 1rem; min-width: 0; }
.wide { grid-column: 1 / -1; }
dl { display: grid; grid-template-columns: auto 1fr; gap: .15rem 1rem; margin: 0; }
dt { opacity: .7; } dd { margin: 0; text-align: right; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
#log { height: 16rem; overflow-y: auto; margin: 0 0 .75rem; padding: 0; list-style: none; }
#log li { padding: .1rem 0; overflow-wrap: anywhere; }
#log .out::before { content: "you  "; opacity: .6; } #log .in::before { content: "peer "; color: var(--accent); }
#log .note { opacity: .6; font-style: italic; }
form { display: flex; gap: .5rem; } input { flex: 1; min-width: 0; font: inherit; padding: .4rem .6rem; border: 1px solid var(--line); border-radius: .5rem; background: transparent; color: inherit; }
canvas { width: 100%; height: 5rem; display: block; }
.good { color: var(--good); } .bad { color: var(--bad); }
</style>
</head>
<body>
<header>
  <h1>swift-rtc peer</h1>
  <button id="connect" class="primary">Connect</button>
  <button id="disconnect" disabled>Disconnect</button>
  <span id="summary" role="status">not connected</span>
</header>
<div class="cards">
  <section class="card"><h2>State</h2><dl id="state"></dl></section>
  <section class="card"><h2>This page</h2><dl id="mine"></dl></section>
  <section class="card"><h2>The server's peer</h2><dl id="theirs"></dl></section>
  <section class="card"><h2>Round trip, ms</h2><canvas id="rtt"></canvas></section>
  <section class="card"><h2>Throughput, kB/s</h2><canvas id="rate"></canvas></section>
  <section class="card wide"><h2>Chat</h2>
    <ul id="log" aria-live="polite"></ul>
    <form id="chat"><input id="text" placeholder="Say something; the peer echoes it" autocomplete="off" disabled>
      <button id="send" disabled>Send</button><button id="burst" type="button" disabled>Send 1 MB</button></form>
  </section>
</div>
<script>
const $ = id => document.getElementById(id);
const show = (id, rows) => { $(id).replaceChildren(...Object.entries(rows).flatMap(([k, v]) => {
  const dt = document.createElement('dt'), dd = document.createElement('dd');
  dt.textContent = k; dd.textContent = v ?? '–';
  if (/^(connected|open|completed)$/.test(v)) dd.className = 'good';
  if (/^(failed|disconnected)$/.test(v)) dd.className = 'bad';
  return [dt, dd]; })); };
const note = (text, kind = 'note') => { const li = document.createElement('li'); li.className = kind; li.textContent = text;
  $('log').append(li); while ($('log').children.length > 500) $('log').firstChild.remove(); $('log').scrollTop = 1e9; };
const size = n => n < 1e3 ? n + ' B' : n < 1e6 ? (n / 1e3).toFixed(1) + ' kB' : (n / 1e6).toFixed(2) + ' MB';

const series = { rtt: [], rate: [] };
function plot(id, value) {
  const points = series[id]; points.push(value); if (points.length > 120) points.shift();
  const canvas = $(id), scale = devicePixelRatio || 1, g = canvas.getContext('2d');
  const w = canvas.width = canvas.clientWidth * scale, h = canvas.height = canvas.clientHeight * scale;
  const top = Math.max(1, ...points) * 1.15;
  g.strokeStyle = getComputedStyle(document.documentElement).getPropertyValue('--accent'); g.lineWidth = 2 * scale; g.beginPath();
  points.forEach((p, i) => g[i ? 'lineTo' : 'moveTo'](w * i / 119, h - h * p / top)); g.stroke();
  g.fillStyle = getComputedStyle(document.body).color; g.font = 12 * scale + 'px system-ui';
  g.fillText(points.at(-1).toFixed(value < 10 ? 2 : 0), 4 * scale, 14 * scale);
}

let pc, channel, session, timer, waiting = [], lastBytes = 0, pinged = 0;
function states() {
  show('state', { connection: pc?.connectionState, ICE: pc?.iceConnectionState, gathering: pc?.iceGatheringState,
    DTLS: pc?.sctp?.transport?.state, channel: channel?.readyState });
  $('summary').textContent = pc ? pc.connectionState : 'not connected';
  const open = channel?.readyState === 'open';
  $('text').disabled = $('send').disabled = $('burst').disabled = !open;
  $('connect').disabled = !!pc; $('disconnect').disabled = !pc;
}
const fragment = lines => { const sdp = pc.localDescription.sdp, get = k => sdp.match(new RegExp('a=' + k + ':(.*)'))[1];
  return `a=ice-ufrag:${get('ice-ufrag')}\r\na=ice-pwd:${get('ice-pwd')}\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:${get('mid')}\r\n`
    + lines.map(l => l + '\r\n').join(''); };
async function trickle(lines) {
  if (!session) { waiting.push(...lines); return; }
  await fetch(session, { method: 'PATCH', headers: { 'Content-Type': 'application/trickle-ice-sdpfrag' }, body: fragment(lines) });
}
async function connect() {
  pc = new RTCPeerConnection(); window.pc = pc;
  for (const e of ['connectionstatechange', 'iceconnectionstatechange', 'icegatheringstatechange']) pc.addEventListener(e, states);
  pc.onconnectionstatechange = () => { note('connection ' + pc?.connectionState); if (pc?.connectionState === 'failed') disconnect(); };
  pc.onicecandidate = e => trickle([e.candidate?.candidate ? 'a=' + e.candidate.candidate : 'a=end-of-candidates']);
  channel = pc.createDataChannel('chat'); channel.binaryType = 'arraybuffer';
  const t0 = performance.now();
  channel.onopen = () => { note(`channel open after ${(performance.now() - t0).toFixed(0)} ms`); states(); $('text').focus(); };
  channel.onclose = () => { note('channel closed'); states(); };
  channel.onmessage = e => { if (typeof e.data !== 'string') return;
    if (e.data.startsWith('\u0000ping ')) { plot('rtt', performance.now() - Number(e.data.slice(6))); return; }
    note(e.data, 'in'); };
  await pc.setLocalDescription();
  const response = await fetch('echo', { method: 'POST', headers: { 'Content-Type': 'application/sdp' }, body: pc.localDescription.sdp });
  if (response.status !== 201) { note(`refused: ${response.status} ${await response.text()}`); return disconnect(); }
  session = response.headers.get('Location');
  await pc.setRemoteDescription({ type: 'answer', sdp: await response.text() });
  const lines = waiting; waiting = []; if (lines.length) await trickle(lines);
  timer = setInterval(statistics, 500); states();
}
async function statistics() {
  if (!pc || !session) return;
  if (channel?.readyState === 'open') channel.send('\u0000ping ' + performance.now());
  const stats = [...(await pc.getStats()).values()], transport = stats.find(s => s.type === 'transport') ?? {};
  const pair = stats.find(s => s.type === 'candidate-pair' && s.nominated && s.state === 'succeeded') ?? {};
  const by = id => stats.find(s => s.id === id) ?? {}, local = by(pair.localCandidateId), remote = by(pair.remoteCandidateId);
  const dc = stats.find(s => s.type === 'data-channel') ?? {}, bytes = (dc.bytesSent ?? 0) + (dc.bytesReceived ?? 0);
  plot('rate', Math.max(0, bytes - lastBytes) / 500); lastBytes = bytes;
  show('mine', { path: `${local.candidateType ?? '–'} → ${remote.candidateType ?? '–'}`, remote: remote.address && `${remote.address}:${remote.port}`,
    cipher: transport.dtlsCipher, 'messages out': dc.messagesSent, 'messages in': dc.messagesReceived, out: size(dc.bytesSent ?? 0), in: size(dc.bytesReceived ?? 0) });
  const reply = await fetch(session).catch(() => null);
  if (reply?.ok) { const { media, ...rows } = await reply.json(); show('theirs', rows); }
  states();
}
function disconnect() {
  clearInterval(timer); pc?.close();
  if (session) fetch(session, { method: 'DELETE', keepalive: true }).catch(() => {});
  pc = channel = session = undefined; waiting = []; lastBytes = 0; states(); note('disconnected');
}
$('connect').onclick = () => connect().catch(e => { note(String(e)); disconnect(); });
$('disconnect').onclick = disconnect;
$('chat').onsubmit = e => { e.preventDefault(); if (!$('text').value) return; channel.send($('text').value); note($('text').value, 'out'); $('text').value = ''; };
$('burst').onclick = () => { const block = new Uint8Array(16384); for (let i = 0; i < 64; i++) channel.send(block); note('1 MB sent; the peer sends it back', 'note'); };
addEventListener('pagehide', disconnect);
states();
</script>
</body>
</html>
"""#
