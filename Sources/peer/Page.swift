/// The page at `/`: connects to this server, publishes to it, plays from it, chats with its echo, and shows states and
/// statistics as they change.
let page = #"""
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>swift-rtc peer</title>
<style>
:root { color-scheme: light dark; --line: #8884; --out: #e4572e; --in: #2a7de1; --good: #2a9d5c; --bad: #c8323c; --card: #8881; }
* { box-sizing: border-box; }
body { font: 15px/1.45 system-ui, sans-serif; max-width: 68rem; margin: 0 auto; padding: 1.5rem; }
header { display: flex; align-items: baseline; gap: .75rem; flex-wrap: wrap; }
h1 { font-size: 1.4rem; margin: 0 .5rem 0 0; }
h2 { font-size: .85rem; text-transform: uppercase; letter-spacing: .06em; opacity: .7; margin: 0 0 .5rem; font-weight: 600; }
button { font: inherit; padding: .4rem 1rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--card); color: inherit; cursor: pointer; }
button.primary { background: var(--out); border-color: var(--out); color: #fff; }
button:disabled { opacity: .45; cursor: default; }
:focus-visible { outline: 2px solid var(--in); outline-offset: 2px; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); gap: 1rem; margin-top: 1rem; }
.card { border: 1px solid var(--line); border-radius: .75rem; padding: 1rem; min-width: 0; }
.wide { grid-column: 1 / -1; }
.pictures { display: grid; grid-template-columns: repeat(auto-fit, minmax(18rem, 1fr)); gap: 1rem; }
figure { margin: 0; } figcaption { display: flex; justify-content: space-between; gap: 1rem; font-size: .85rem; margin-bottom: .35rem; }
figcaption span { opacity: .7; font-variant-numeric: tabular-nums; }
video { width: 100%; aspect-ratio: 4 / 3; background: #000; border-radius: .5rem; display: block; object-fit: contain; }
meter { width: 100%; height: .6rem; margin-top: .35rem; }
dl { display: grid; grid-template-columns: auto 1fr; gap: .15rem 1rem; margin: 0; }
dt { opacity: .7; white-space: nowrap; } dd { margin: 0; text-align: right; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
#log { height: 14rem; overflow-y: auto; margin: 0 0 .75rem; padding: 0; list-style: none; }
#log li { padding: .1rem 0; overflow-wrap: anywhere; }
#log .out::before { content: "you  "; color: var(--out); } #log .in::before { content: "peer "; color: var(--in); }
#log .note { opacity: .6; font-style: italic; }
form { display: flex; gap: .5rem; } input { flex: 1; min-width: 0; font: inherit; padding: .4rem .6rem; border: 1px solid var(--line); border-radius: .5rem; background: transparent; color: inherit; }
canvas { width: 100%; height: 5rem; display: block; }
.good { color: var(--good); } .bad { color: var(--bad); } .key-out { color: var(--out); } .key-in { color: var(--in); }
</style>
</head>
<body>
<header>
  <h1>swift-rtc peer</h1>
  <button id="connect" class="primary" title="Send what you have; the peer sends it back">Connect</button>
  <button id="publish" title="Send to the server (WHIP)">Publish</button>
  <button id="play" title="Receive what the server plays (WHEP)">Play</button>
  <button id="disconnect" disabled>Disconnect</button>
  <span id="summary" role="status">not connected</span>
</header>
<div class="cards">
  <section class="card wide pictures">
    <figure><figcaption><b class="key-out">Sent</b><span id="localsize"></span></figcaption>
      <video id="local" autoplay muted playsinline></video><meter id="locallevel" min="0" max="60" aria-label="level sent"></meter></figure>
    <figure><figcaption><b class="key-in">Received</b><span id="remotesize"></span></figcaption>
      <video id="remote" autoplay playsinline></video><meter id="remotelevel" min="0" max="60" aria-label="level received"></meter></figure>
  </section>
  <section class="card"><h2>Bit rate, kbit/s</h2><canvas id="bits"></canvas></section>
  <section class="card"><h2>Loss, %</h2><canvas id="loss"></canvas></section>
  <section class="card"><h2>Round trip, ms</h2><canvas id="rtt"></canvas></section>
  <section class="card"><h2>Level, dB</h2><canvas id="level"></canvas></section>
  <section class="card"><h2>Messages, kB/s</h2><canvas id="rate"></canvas></section>
  <section class="card"><h2>State</h2><dl id="state"></dl></section>
  <section class="card wide"><h2>This page</h2><dl id="mine"></dl></section>
  <section class="card wide"><h2>The server's peer</h2><dl id="theirs"></dl></section>
  <section class="card wide"><h2>Chat</h2>
    <ul id="log" aria-live="polite"></ul>
    <form id="chat"><input id="text" aria-label="message" placeholder="Say something; the peer echoes it" autocomplete="off" disabled>
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

// Plots: two lines at most, what is sent and what is received; 120 points.
const series = {};
function plot(id, values) {
  const lines = series[id] ??= { out: [], in: [] };
  for (const name of ['out', 'in']) { lines[name].push(values[name] ?? null); if (lines[name].length > 120) lines[name].shift(); }
  const canvas = $(id), scale = devicePixelRatio || 1, g = canvas.getContext('2d'), style = getComputedStyle(document.documentElement);
  const w = canvas.width = canvas.clientWidth * scale, h = canvas.height = canvas.clientHeight * scale;
  const all = [...lines.out, ...lines.in].filter(v => v !== null), low = Math.min(0, ...all), peak = Math.max(low + 1, ...all), top = peak + .15 * (peak - low);
  g.font = 12 * scale + 'px system-ui'; let x = 4 * scale;
  for (const name of ['out', 'in']) {
    g.strokeStyle = g.fillStyle = style.getPropertyValue('--' + name); g.lineWidth = 2 * scale; g.beginPath(); let pen = false;
    lines[name].forEach((v, i) => { if (v === null) { pen = false; return; }
      g[pen ? 'lineTo' : 'moveTo'](w * i / 119, h - (h - 2 * scale) * (v - low) / (top - low)); pen = true; });
    g.stroke();
    const last = lines[name].at(-1);
    if (last !== null) { const text = last.toFixed(Math.abs(last) < 10 ? 2 : 0); g.fillText(text, x, 14 * scale); x += g.measureText(text + '   ').width; }
  }
}

// Sound levels, in dB above silence (-60 dB).
let sound;
const meters = {};
function listen(name, stream) {
  if (!stream?.getAudioTracks().length) return;
  sound ??= new AudioContext(); sound.resume().catch(() => {});
  const analyser = sound.createAnalyser(); analyser.fftSize = 1024;
  sound.createMediaStreamSource(stream).connect(analyser); meters[name] = analyser;
}
function level(name) {
  const analyser = meters[name]; if (!analyser) return undefined;
  const samples = new Float32Array(analyser.fftSize); analyser.getFloatTimeDomainData(samples);
  const power = samples.reduce((sum, v) => sum + v * v, 0) / samples.length;
  return Math.max(-60, Math.min(0, 10 * Math.log10(power + 1e-9)));
}

// The camera, or a picture and a tone of our own where there is none or it may not be used.
let drawing;
async function ownMedia() {
  try {
    const kinds = (await navigator.mediaDevices.enumerateDevices()).map(d => d.kind);
    if (kinds.includes('videoinput')) return await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480 }, audio: kinds.includes('audioinput') });
  } catch (e) { note('no camera: ' + (e.message ?? e)); }
  const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 480 }), g = canvas.getContext('2d');
  const draw = () => { const t = performance.now() / 1000;
    const fill = g.createLinearGradient(0, 0, 640, 480);
    fill.addColorStop(0, `hsl(${t * 30 % 360} 70% 45%)`); fill.addColorStop(1, `hsl(${(t * 30 + 120) % 360} 70% 35%)`);
    g.fillStyle = fill; g.fillRect(0, 0, 640, 480);
    g.fillStyle = '#fff'; g.beginPath(); g.arc(320 + 220 * Math.cos(t * 1.3), 240 + 150 * Math.sin(t * 1.7), 40, 0, 7); g.fill();
    g.font = '600 48px system-ui'; g.textAlign = 'center'; g.fillText(new Date().toLocaleTimeString(), 320, 440); };
  draw(); drawing = setInterval(draw, 33);
  const stream = canvas.captureStream(30);
  sound ??= new AudioContext(); sound.resume().catch(() => {});
  const tone = sound.createOscillator(), gain = sound.createGain(), swell = sound.createOscillator(), depth = sound.createGain(), end = sound.createMediaStreamDestination();
  tone.frequency.value = 440; gain.gain.value = .1; swell.frequency.value = .5; depth.gain.value = .08;
  swell.connect(depth).connect(gain.gain); tone.connect(gain).connect(end); tone.start(); swell.start();
  stream.addTrack(end.stream.getAudioTracks()[0]); return stream;
}

let pc, channel, session, tag, timer, own, waiting = [], last = {};
const token = new URLSearchParams(location.search).get('token');
const headers = more => token ? { ...more, Authorization: 'Bearer ' + token } : more;
function states() {
  show('state', { connection: pc?.connectionState, ICE: pc?.iceConnectionState, gathering: pc?.iceGatheringState,
    DTLS: (pc?.sctp?.transport ?? pc?.getTransceivers()[0]?.sender.transport)?.state, channel: channel?.readyState });
  $('summary').textContent = pc ? pc.connectionState : 'not connected';
  const open = channel?.readyState === 'open';
  $('text').disabled = $('send').disabled = $('burst').disabled = !open;
  $('connect').disabled = $('publish').disabled = $('play').disabled = !!pc; $('disconnect').disabled = !pc;
}
const fragment = lines => { const sdp = pc.localDescription.sdp, get = k => sdp.match(new RegExp('a=' + k + ':(.*)'))[1].trim();
  return `a=ice-ufrag:${get('ice-ufrag')}\r\na=ice-pwd:${get('ice-pwd')}\r\n${sdp.match(/^m=.*$/m)[0].trim()}\r\na=mid:${get('mid')}\r\n`
    + lines.map(l => l + '\r\n').join(''); };
async function trickle(lines) {
  if (!session) { waiting.push(...lines); return; }
  await fetch(session, { method: 'PATCH', headers: headers({ 'Content-Type': 'application/trickle-ice-sdpfrag', 'If-Match': tag }), body: fragment(lines) });
}
function openChannel() {
  channel = pc.createDataChannel('chat'); channel.binaryType = 'arraybuffer';
  const t0 = performance.now();
  channel.onopen = () => { note(`channel open after ${(performance.now() - t0).toFixed(0)} ms`); states(); $('text').focus({ preventScroll: true }); };
  channel.onclose = () => { note('channel closed'); states(); };
  channel.onmessage = e => { if (typeof e.data !== 'string') return;
    if (e.data.startsWith('\u0000ping ')) { plot('rtt', { in: performance.now() - Number(e.data.slice(6)) }); return; }
    note(e.data, 'in'); };
}
async function begin(endpoint) {
  const mine = pc = new RTCPeerConnection(); window.pc = pc; states();
  for (const e of ['connectionstatechange', 'iceconnectionstatechange', 'icegatheringstatechange']) pc.addEventListener(e, states);
  pc.onconnectionstatechange = () => { note('connection ' + pc?.connectionState); if (pc?.connectionState === 'failed') disconnect(); };
  pc.onicecandidate = e => { if (mine === pc) trickle([e.candidate?.candidate ? 'a=' + e.candidate.candidate : 'a=end-of-candidates']).catch(() => {}); };
  const received = new MediaStream();
  pc.ontrack = e => { received.addTrack(e.track); $('remote').srcObject = received; $('remote').muted = endpoint === 'echo';
    $('remote').play().catch(() => { $('remote').muted = true; $('remote').play().catch(() => {}); });
    if (e.track.kind === 'audio') listen('remote', received); };
  if (endpoint === 'echo') openChannel();
  if (endpoint === 'whep') { pc.addTransceiver('audio', { direction: 'recvonly' }); pc.addTransceiver('video', { direction: 'recvonly' }); }
  else {
    own = await ownMedia(); if (mine !== pc) return stopOwn();
    $('local').srcObject = own; listen('local', own);
    for (const track of own.getTracks()) pc.addTransceiver(track, { direction: endpoint === 'whip' ? 'sendonly' : 'sendrecv', streams: [own] });
  }
  await pc.setLocalDescription();
  const response = await fetch(endpoint, { method: 'POST', headers: headers({ 'Content-Type': 'application/sdp' }), body: pc.localDescription.sdp });
  if (response.status !== 201) { note(`refused: ${response.status} ${await response.text()}`); return disconnect(); }
  session = response.headers.get('Location'); tag = response.headers.get('ETag');
  await pc.setRemoteDescription({ type: 'answer', sdp: await response.text() });
  const lines = waiting; waiting = []; if (lines.length) await trickle(lines);
  timer = setInterval(statistics, 500); states();
}
function rateOf(name, value, per) { const before = last[name]; last[name] = value; return before === undefined ? 0 : Math.max(0, value - before) / per; }
async function statistics() {
  if (!pc || !session) return;
  const now = performance.now(), elapsed = Math.max(1, now - (last.at ?? now - 500)); last.at = now;
  if (channel?.readyState === 'open') channel.send('\u0000ping ' + now);
  const stats = [...(await pc.getStats()).values()], of = type => stats.filter(s => s.type === type);
  const transport = of('transport')[0] ?? {}, sum = (list, key) => list.reduce((total, s) => total + (s[key] ?? 0), 0);
  const pair = of('candidate-pair').find(s => s.nominated && s.state === 'succeeded') ?? {};
  const by = id => stats.find(s => s.id === id) ?? {}, local = by(pair.localCandidateId), remote = by(pair.remoteCandidateId);
  const dc = of('data-channel')[0] ?? {}, sent = of('outbound-rtp'), got = of('inbound-rtp'), reports = of('remote-inbound-rtp');
  plot('rate', { out: rateOf('dcOut', dc.bytesSent ?? 0, elapsed), in: rateOf('dcIn', dc.bytesReceived ?? 0, elapsed) });
  plot('bits', { out: sent.length ? rateOf('out', sum(sent, 'bytesSent'), elapsed) * 8 : undefined, in: got.length ? rateOf('in', sum(got, 'bytesReceived'), elapsed) * 8 : undefined });
  const lost = rateOf('lost', sum(got, 'packetsLost'), 1), came = rateOf('came', sum(got, 'packetsReceived'), 1);
  plot('loss', { out: reports.length ? 100 * Math.max(...reports.map(r => r.fractionLost ?? 0)) : undefined, in: got.length ? 100 * lost / Math.max(1, lost + came) : undefined });
  if (!channel && pair.currentRoundTripTime !== undefined) plot('rtt', { in: pair.currentRoundTripTime * 1000 });
  const codec = s => (by(s.codecId).mimeType ?? '').split('/')[1] ?? '';
  const rows = { path: `${local.candidateType ?? '–'} → ${remote.candidateType ?? '–'}`, remote: remote.address && `${remote.address}:${remote.port}`, cipher: transport.dtlsCipher };
  for (const s of sent) rows[s.kind + ' out'] = `${codec(s)} ${s.frameWidth ? `${s.frameWidth}×${s.frameHeight}, ${s.framesEncoded} frames, ` : ''}${size(s.bytesSent ?? 0)}`;
  for (const s of got) rows[s.kind + ' in'] = `${codec(s)} ${s.frameWidth ? `${s.frameWidth}×${s.frameHeight}, ${s.framesDecoded} frames, ` : ''}${size(s.bytesReceived ?? 0)}, ${s.packetsLost ?? 0} lost`;
  if (channel) Object.assign(rows, { 'messages out': `${dc.messagesSent ?? 0}, ${size(dc.bytesSent ?? 0)}`, 'messages in': `${dc.messagesReceived ?? 0}, ${size(dc.bytesReceived ?? 0)}` });
  show('mine', rows);
  const reply = await fetch(session, { headers: headers({}) }).catch(() => null);
  if (reply?.ok) { const { media, ...theirs } = await reply.json(); show('theirs', theirs); }
  states();
}
setInterval(() => { if (!pc) return;
  const values = { out: level('local'), in: level('remote') };
  if (values.out !== undefined || values.in !== undefined) plot('level', values);
  $('locallevel').value = (values.out ?? -60) + 60; $('remotelevel').value = (values.in ?? -60) + 60;
  for (const id of ['local', 'remote']) $(id + 'size').textContent = $(id).videoWidth ? `${$(id).videoWidth} × ${$(id).videoHeight}` : '';
}, 100);
function stopOwn() { own?.getTracks().forEach(t => t.stop()); clearInterval(drawing); own = undefined; }
function disconnect() {
  clearInterval(timer); pc?.close(); stopOwn();
  if (session) fetch(session, { method: 'DELETE', headers: headers({}), keepalive: true }).catch(() => {});
  $('local').srcObject = $('remote').srcObject = null; delete meters.local; delete meters.remote;
  pc = channel = session = undefined; waiting = []; last = {}; states(); note('disconnected');
}
for (const [id, endpoint] of [['connect', 'echo'], ['publish', 'whip'], ['play', 'whep']])
  $(id).onclick = () => begin(endpoint).catch(e => { note(String(e)); disconnect(); });
$('disconnect').onclick = disconnect;
$('chat').onsubmit = e => { e.preventDefault(); if (!$('text').value) return; channel.send($('text').value); note($('text').value, 'out'); $('text').value = ''; };
$('burst').onclick = () => { const block = new Uint8Array(16384); for (let i = 0; i < 64; i++) channel.send(block); note('1 MB sent; the peer sends it back', 'note'); };
addEventListener('pagehide', disconnect);
states();
</script>
</body>
</html>
"""#
