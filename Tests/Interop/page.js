// The harness's hands in a browser's page. Everything that waits does so on an event; the time limits are the harness's.

/// Resolves with what `predicate` returns as soon as that is truthy, asked now and at every `type` event of `target`.
const until = (target, type, predicate) =>
  new Promise((resolve) => {
    const check = () => {
      const value = predicate();
      if (!value) return;
      target.removeEventListener(type, check);
      resolve(value);
    };
    target.addEventListener(type, check);
    check();
  });

/// A description whose every fingerprint is of no certificate.
const spoil = (sdp) => sdp.replace(/(a=fingerprint:\S+ )(..)/g, (_, name, byte) => name + (byte == "00" ? "11" : "00"));

const toBytes = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
const toBase64 = (bytes) => {
  let text = "";
  for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(text);
};

/// A running hash over messages: kind, length and bytes of each.
class Digest {
  parts = [];
  add(data) {
    const bytes = typeof data == "string" ? new TextEncoder().encode(data) : new Uint8Array(data);
    const head = new Uint8Array(5);
    head[0] = typeof data == "string" ? 1 : 2;
    new DataView(head.buffer).setUint32(1, bytes.length);
    this.parts.push(head, bytes.slice());
  }
  async hex() {
    const digest = await crypto.subtle.digest("SHA-256", await new Blob(this.parts).arrayBuffer());
    return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }
}

class Channel extends EventTarget {
  received = [];
  taken = 0;
  arrivals = 0;
  wasOpen = false;
  constructor(channel, echoes) {
    super();
    this.channel = channel;
    channel.binaryType = "arraybuffer";
    const changed = () => this.dispatchEvent(new Event("change"));
    const opened = () => { this.wasOpen = true; changed(); };
    if (channel.readyState == "open") opened();
    else channel.addEventListener("open", opened);
    channel.addEventListener("close", changed);
    let echo = Promise.resolve();
    channel.addEventListener("message", ({ data }) => {
      this.arrivals += 1;
      if (echoes) echo = echo.then(() => this.send(data)).catch(() => {});
      else this.received.push(data);
      changed();
    });
  }
  /// Sends once there is room: a browser throws when its send buffer is full.
  async send(data) {
    const limit = 4 << 20;
    if (this.channel.bufferedAmount > limit) {
      this.channel.bufferedAmountLowThreshold = limit / 2;
      await until(this.channel, "bufferedamountlow", () => this.channel.bufferedAmount <= limit / 2);
    }
    this.channel.send(data);
  }
  async receive(count) {
    await until(this, "change", () => this.received.length - this.taken >= count);
    const messages = this.received.slice(this.taken, this.taken + count);
    this.taken += count;
    return messages;
  }
}

/// A source of the browser's own: its fake devices, small so that software encoders keep up.
const capture = async (kind) => {
  // Firefox's fake camera shows a single colour.
  if (kind == "video" && navigator.userAgent.includes("Firefox")) return draw();
  const constraints = kind == "video" ? { video: { width: 320, height: 240, frameRate: 20 } } : { audio: true };
  return (await navigator.mediaDevices.getUserMedia(constraints)).getTracks()[0];
};

/// A grey slope that moves, 20 times a second.
const draw = () => {
  const canvas = document.createElement("canvas");
  canvas.width = 320;
  canvas.height = 240;
  const context = canvas.getContext("2d");
  let count = 0;
  setInterval(() => {
    count += 1;
    for (let column = 0; column < 20; column++) {
      const level = 16 + (((column + count) % 20) * 220) / 20;
      context.fillStyle = `rgb(${level} ${level} ${level})`;
      context.fillRect(column * 16, 0, 16, 240);
    }
  }, 50);
  return canvas.captureStream(20).getTracks()[0];
};

/// Offers only `codec` ("H264"), and retransmission where the medium has it.
const prefer = (transceiver, codec) => {
  const kind = transceiver.receiver.track.kind;
  const wanted = [`${kind}/${codec}`, `${kind}/rtx`].map((each) => each.toLowerCase());
  const all = RTCRtpReceiver.getCapabilities(kind).codecs.filter((each) => wanted.includes(each.mimeType.toLowerCase()));
  if (!all.some((each) => each.mimeType.toLowerCase() == wanted[0])) throw new Error(`this browser has no ${codec}`);
  transceiver.setCodecPreferences(all);
};

/// A track that is looked at and listened to.
class Screen {
  static size = [32, 24];
  constructor(track) {
    this.track = track;
    this.element = document.createElement(track.kind);
    // Chromium moves remote sound only while an element plays it, be it muted.
    this.element.muted = true;
    this.element.autoplay = true;
    this.element.playsInline = true;
    this.element.srcObject = new MediaStream([track]);
    document.body.append(this.element);
    this.canvas = new OffscreenCanvas(...Screen.size).getContext("2d", { willReadFrequently: true });
  }
  /// What is shown now, as luminances from 0 to 255 of a few points, by row.
  picture() {
    this.canvas.drawImage(this.element, 0, 0, ...Screen.size);
    const { data } = this.canvas.getImageData(0, 0, ...Screen.size);
    const luminances = [];
    for (let i = 0; i < data.length; i += 4) {
      luminances.push(Math.round(0.299 * data[i] + 0.587 * data[i + 1] + 0.114 * data[i + 2]));
    }
    return luminances;
  }
  /// The frequency that the crossings of zero tell, in hertz, and the level, in decibels of full scale, of the next half second.
  ///
  /// Recorded and decoded again: an AudioContext stands still where there is no audio device.
  async tone() {
    const recorder = new MediaRecorder(this.element.srcObject);
    const parts = [];
    recorder.addEventListener("dataavailable", ({ data }) => parts.push(data));
    recorder.start();
    setTimeout(() => recorder.stop(), 600);
    await new Promise((resolve) => recorder.addEventListener("stop", resolve));
    const context = new OfflineAudioContext(1, 1, 48000);
    const buffer = await context.decodeAudioData(await new Blob(parts).arrayBuffer());
    // The encoder swings in.
    const samples = buffer.getChannelData(0).subarray(4800);
    if (samples.length < 4800) return { frequency: 0, level: -200 };
    let crossings = 0;
    let energy = 0;
    for (let i = 1; i < samples.length; i++) {
      crossings += samples[i] < 0 != samples[i - 1] < 0;
      energy += samples[i] ** 2;
    }
    return { frequency: (crossings * 24000) / samples.length, level: Math.max(-200, 10 * Math.log10(energy / samples.length)) };
  }
}

class Session extends EventTarget {
  channels = new Map();
  screens = [];
  own = [];
  statuses = [];
  constructor(echoes) {
    super();
    this.echoes = echoes;
    this.connection = new RTCPeerConnection();
    this.connection.addEventListener("datachannel", ({ channel }) => this.adopt(channel));
    this.connection.addEventListener("track", ({ track }) => {
      // A medium that returns from a pause has its old track.
      if (!this.screens.some((each) => each.track == track)) this.screens.push(new Screen(track));
      this.dispatchEvent(new Event("screen"));
    });
  }
  /// Adds a medium to what is offered next.
  async add({ kind, direction, codec }) {
    const track = direction.startsWith("send") ? await capture(kind) : null;
    const transceiver = this.connection.addTransceiver(track ?? kind, { direction });
    if (codec) prefer(transceiver, codec);
    if (track) this.own.push(new Screen(track));
  }
  /// Gives a medium to what is answered next.
  async attach(kind) {
    const track = await capture(kind);
    this.connection.addTrack(track);
    this.own.push(new Screen(track));
  }
  screen(kind) {
    return until(this, "screen", () => this.screens.findLast((each) => each.track.kind == kind));
  }
  /// What is in the statistics of these types, each with the name of its codec.
  async statistics(types) {
    const stats = await this.connection.getStats();
    const all = [...stats.values()].filter((each) => types.includes(each.type));
    return all.map((each) => ({ ...each, codec: stats.get(each.codecId)?.mimeType?.split("/")[1] }));
  }
  adopt(channel) {
    this.channels.set(channel.label, new Channel(channel, this.echoes));
    this.dispatchEvent(new Event("channel"));
  }
  channel(label) {
    return until(this, "channel", () => this.channels.get(label));
  }

  async gathered() {
    const connection = this.connection;
    await until(connection, "icegatheringstatechange", () => connection.iceGatheringState == "complete");
    return connection.localDescription.sdp;
  }

  /// Offers to an HTTP endpoint as WHIP does it (RFC 9725): POST, PATCH for candidates, DELETE.
  async offer(endpoint, { channels, media, trickle, spoilOffer, spoilAnswer }) {
    for (const medium of media) await this.add(medium);
    for (const { label, options } of channels) this.adopt(this.connection.createDataChannel(label, options));
    let candidate = () => {};
    const candidates = [];
    this.connection.addEventListener("icecandidate", (event) => { candidates.push(event.candidate); candidate(); });
    await this.connection.setLocalDescription();
    const offer = trickle ? this.connection.localDescription.sdp : await this.gathered();
    if (trickle && /a=candidate/.test(offer)) throw new Error("the offer was to have no candidates yet");
    const response = await fetch(endpoint, {
      method: "POST", headers: { "Content-Type": "application/sdp" }, body: spoilOffer ? spoil(offer) : offer,
    });
    const answer = await response.text();
    if (response.status != 201) throw new Error(`POST: ${response.status} ${answer}`);
    if (!/^application\/sdp\b/.test(response.headers.get("Content-Type"))) throw new Error("the answer is not of type application/sdp");
    this.location = new URL(response.headers.get("Location"), endpoint).href;
    this.tag = response.headers.get("ETag");
    await this.connection.setRemoteDescription({ type: "answer", sdp: spoilAnswer ? spoil(answer) : answer });
    if (trickle) {
      this.trickled = (async () => {
        for (;;) {
          while (candidates.length == 0) await new Promise((resolve) => { candidate = resolve; });
          const next = candidates.shift();
          await this.patch(next && next.candidate ? "a=" + next.candidate : "a=end-of-candidates", offer);
          if (!next) return;
        }
      })();
    }
    return { offer, answer, location: this.location };
  }
  /// Offers anew in the session that there is.
  async offerAgain() {
    await this.connection.setLocalDescription();
    const offer = this.connection.localDescription.sdp;
    const headers = { "Content-Type": "application/sdp" };
    if (this.tag) headers["If-Match"] = this.tag;
    const response = await fetch(this.location, { method: "PATCH", headers, body: offer });
    const answer = await response.text();
    if (response.status != 200) throw new Error(`PATCH: ${response.status} ${answer}`);
    await this.connection.setRemoteDescription({ type: "answer", sdp: answer });
    return { offer, answer };
  }
  transceiver(kind) {
    return this.connection.getTransceivers().findLast((each) => each.receiver.track.kind == kind);
  }
  async patch(line, offer) {
    const level = (name) => offer.match(new RegExp(`^a=${name}:.*$`, "m"))[0].trimEnd();
    const body = [level("ice-ufrag"), level("ice-pwd"), offer.match(/^m=.*$/m)[0].trimEnd(), level("mid"), line, ""].join("\r\n");
    const headers = { "Content-Type": "application/trickle-ice-sdpfrag" };
    if (this.tag) headers["If-Match"] = this.tag;
    const response = await fetch(this.location, { method: "PATCH", headers, body });
    this.statuses.push(response.status);
  }

  async answer(sdp) {
    await this.connection.setRemoteDescription({ type: "offer", sdp });
    await this.connection.setLocalDescription();
    return await this.gathered();
  }

  /// The addresses that the connection uses.
  async pair() {
    const stats = new Map([...(await this.connection.getStats())]);
    const all = [...stats.values()];
    const transport = all.find((each) => each.type == "transport" && each.selectedCandidatePairId);
    const pair = transport
      ? stats.get(transport.selectedCandidatePairId)
      : all.find((each) => each.type == "candidate-pair" && each.selected);
    const describe = (id) => {
      const { candidateType, protocol, address, port } = stats.get(id);
      return `${candidateType} ${protocol} ${address ?? "hidden"}:${port}`;
    };
    return [describe(pair.localCandidateId), describe(pair.remoteCandidateId)];
  }

  /// Sends `count` messages of many sizes, strings and binaries in turn, takes as many back and hashes both streams.
  async flood(label, count) {
    const channel = await this.channel(label);
    const sent = new Digest();
    const received = new Digest();
    let state = 0x9e3779b9;
    const next = () => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return state >>> 0;
    };
    const taking = channel.receive(count);
    for (let i = 0; i < count; i++) {
      const bytes = Uint8Array.from({ length: next() % 1500 }, () => next() & 0x7f);
      const message = i % 2 ? bytes : String.fromCharCode(...bytes);
      sent.add(message);
      await channel.send(message);
    }
    for (const message of await taking) received.add(message);
    return { sent: await sent.hex(), received: await received.hex() };
  }
}

const sessions = new Map();
const rtc = {
  create: (id, echoes) => { sessions.set(id, new Session(echoes)); },
  offer: (id, endpoint, options) => sessions.get(id).offer(endpoint, options),
  answer: (id, sdp) => sessions.get(id).answer(sdp),
  addCandidate: (id, candidate) => sessions.get(id).connection.addIceCandidate(candidate),
  trickled: async (id) => { await sessions.get(id).trickled; return sessions.get(id).statuses; },
  delete: async (id) => (await fetch(sessions.get(id).location, { method: "DELETE" })).status,
  open: (id, label, options) => { sessions.get(id).adopt(sessions.get(id).connection.createDataChannel(label, options)); },
  opened: async (id, label) => {
    const channel = await sessions.get(id).channel(label);
    await until(channel, "change", () => channel.wasOpen);
    const { ordered, maxRetransmits, maxPacketLifeTime, protocol, negotiated } = channel.channel;
    return { ordered, maxRetransmits, maxPacketLifeTime, protocol, negotiated, id: channel.channel.id };
  },
  send: async (id, label, { text, base64 }) => (await sessions.get(id).channel(label)).send(text ?? toBytes(base64)),
  receive: async (id, label, count) => {
    const messages = await (await sessions.get(id).channel(label)).receive(count);
    return messages.map((data) => (typeof data == "string" ? { text: data } : { base64: toBase64(new Uint8Array(data)) }));
  },
  close: async (id, label) => (await sessions.get(id).channel(label)).channel.close(),
  closed: async (id, label) => {
    const { channel } = await sessions.get(id).channel(label);
    await until(channel, "close", () => channel.readyState == "closed");
  },
  state: async (id, wanted) => {
    const { connection } = sessions.get(id);
    return await until(connection, "connectionstatechange", () => wanted.includes(connection.connectionState) && connection.connectionState);
  },
  end: (id) => sessions.get(id).connection.close(),
  pair: (id) => sessions.get(id).pair(),
  flood: (id, label, count) => sessions.get(id).flood(label, count),
  maximumMessageSize: (id) => Math.min(sessions.get(id).connection.sctp.maxMessageSize, 1 << 30),
  offerAgain: (id) => sessions.get(id).offerAgain(),
  add: (id, medium) => sessions.get(id).add(medium),
  direct: (id, kind, direction) => { sessions.get(id).transceiver(kind).direction = direction; },
  stop: (id, kind) => sessions.get(id).transceiver(kind).stop(),
  attach: (id, kind) => sessions.get(id).attach(kind),
  statistics: (id, types) => sessions.get(id).statistics(types),
  picture: async (id) => (await sessions.get(id).screen("video")).picture(),
  ownPicture: (id) => sessions.get(id).own.find((each) => each.track.kind == "video").picture(),
  tone: async (id) => (await sessions.get(id).screen("audio")).tone(),
  pause: async (id) => {
    for (const sender of sessions.get(id).connection.getSenders()) {
      // Firefox heeds `active` for video alone, and without a camera goes on with black.
      if (sender.track?.kind == "audio") await sender.replaceTrack(null);
      if (sender.track?.kind != "video") continue;
      const parameters = sender.getParameters();
      for (const encoding of parameters.encodings) encoding.active = false;
      await sender.setParameters(parameters);
    }
  },
  /// What must be empty where nothing may have been delivered.
  delivered: (id) =>
    [...sessions.get(id).channels.values()].filter((each) => each.wasOpen || each.arrivals).map((each) => each.channel.label),
};
