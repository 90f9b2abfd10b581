extension Report {
  /// Text from the recording reaches the page through `textContent` alone.
  static let script = scriptOfPlots + scriptOfPanels + scriptOfView

  /// Elements, formats, scales, and the curves of a plot.
  private static let scriptOfPlots = #"""
    "use strict";
    const data = JSON.parse(document.getElementById("data").textContent);
    const PAD = data.end * 0.01, GUTTER = 124, RIGHT = 16;
    const view = { from: -PAD, to: data.end + PAD };
    const panels = [];

    function add(parent, tag, attributes = {}, text) {
      const isSVG = tag === "svg" || parent.namespaceURI === "http://www.w3.org/2000/svg";
      const element = isSVG ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
      for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
      if (text !== undefined) element.textContent = text;
      parent.append(element);
      return element;
    }

    function timeText(ms, span = Math.abs(ms)) {
      if (ms === 0) return "0";
      if (span < 1) return (ms * 1000).toFixed(span < 0.01 ? 2 : 0) + " µs";
      if (span < 2000) return ms.toFixed(span < 10 ? 2 : span < 100 ? 1 : 0) + " ms";
      const s = ms / 1000;
      if (span < 120000) return s.toFixed(span < 20000 ? 2 : 1) + " s";
      const whole = Math.round(Math.abs(s)), sign = s < 0 ? "−" : "";
      if (span < 7200000) return sign + Math.floor(whole / 60) + ":" + String(whole % 60).padStart(2, "0");
      return sign + Math.floor(whole / 3600) + ":" + String(Math.floor(whole / 60) % 60).padStart(2, "0") + " h";
    }
    function si(value, unit) {
      if (value === null || value === undefined) return "–";
      const units = ["", "k", "M", "G", "T"];
      let i = 0;
      if (unit !== "ms") while (Math.abs(value) >= 1000 && i < 4) { value /= 1000; i++; }
      const text = Number(value.toFixed(Math.abs(value) >= 100 || Number.isInteger(value) ? 0 : Math.abs(value) >= 10 ? 1 : 2));
      return (text + " " + units[i] + unit).trim();
    }
    function nice(step) {
      const power = 10 ** Math.floor(Math.log10(step));
      for (const factor of [1, 2, 5]) if (factor * power >= step * 0.999) return factor * power;
      return 10 * power;
    }
    const plotWidth = (width) => Math.max(width - GUTTER - RIGHT, 50);
    const x = (t, width) => GUTTER + (t - view.from) / (view.to - view.from) * plotWidth(width);
    const timeAt = (px, width) => view.from + (px - GUTTER) / plotWidth(width) * (view.to - view.from);
    const clamped = (t, width) => Math.min(Math.max(x(t, width), GUTTER), width - RIGHT);

    function grid(svg, width, top, bottom, labels) {
      const span = view.to - view.from, step = nice(span / Math.max(plotWidth(width) / 120, 2));
      for (let n = Math.ceil(view.from / step); n * step <= view.to; n++) {
        const px = x(n * step, width);
        add(svg, "line", { class: "grid", x1: px, x2: px, y1: top, y2: bottom });
        if (labels) add(svg, "text", { x: px, y: bottom + 13, "text-anchor": "middle" }, timeText(n * step, Math.max(span, Math.abs(view.to) / 50)));
      }
      add(svg, "line", { class: "axis", x1: GUTTER, x2: width - RIGHT, y1: bottom, y2: bottom });
    }

    // Bins of a series put together so that each is a few pixels wide: [from, to, value].
    function groups(series, pixels) {
      const wanted = (view.to - view.from) / Math.max(pixels, 1);
      const k = Math.max(1, nice(Math.ceil(wanted / series.width)));
      const size = k * series.width, result = [];
      let i = Math.max(Math.floor((view.from - series.start) / size), 0) * k;
      for (; i < series.values.length && series.start + i * series.width < view.to; i += k) {
        let sum = 0;
        for (let j = i; j < i + k && j < series.values.length; j++) sum += series.values[j];
        const from = series.start + i * series.width;
        result.push([from, from + size, series.kind === "rate" ? sum * series.scale / size * 1000 : sum]);
      }
      return result;
    }
    // The points that matter in view: the one before it, too.
    function inView(points) {
      let low = 0, high = points.length;
      while (low < high) { const middle = (low + high) >> 1; if (points[middle][0] < view.from) low = middle + 1; else high = middle; }
      const result = [];
      for (let i = Math.max(low - 1, 0); i < points.length; i++) { result.push(points[i]); if (points[i][0] > view.to) break; }
      return result;
    }
    function prepare(series, width) {
      if (series.kind === "rate") return groups(series, plotWidth(width) / 6);
      if (series.kind === "count") return groups(series, plotWidth(width) / 9);
      return inView(series.points);
    }
    const values = (series, shown) => shown.map((each) => series.kind === "rate" || series.kind === "count" ? each[2] : each[1]).filter((each) => each !== null);

    function drawPlot(svg, plot, width, height) {
      const top = 8, bottom = height - 18;
      const all = plot.series.filter((each) => !each.hidden).map((each) => [each, prepare(each, width)]);
      const numbers = all.flatMap(([series, shown]) => values(series, shown));
      const largest = Math.max(...numbers, 0);
      let y, ticks;
      if (plot.log) {
        const positive = numbers.filter((each) => each > 0);
        const low = Math.floor(Math.log10(Math.min(...positive, largest || 1))), high = Math.max(Math.log10(Math.max(largest, 1)) + 0.08, low + 1);
        y = (value) => value <= 0 ? bottom : bottom - (Math.log10(value) - low) / (high - low) * (bottom - top);
        ticks = [];
        for (let power = low; power <= high; power += Math.max(1, Math.ceil((high - low) / 4))) ticks.push(10 ** power);
      } else {
        const step = nice((largest || 1) / 3), most = Math.max(Math.ceil(largest / step * 1.05) * step, step);
        y = (value) => bottom - Math.max(value, 0) / most * (bottom - top);
        ticks = [];
        for (let value = 0; value <= most * 1.001; value += step) ticks.push(value);
      }
      grid(svg, width, top, bottom, true);
      for (const value of ticks) {
        add(svg, "line", { class: "grid", x1: GUTTER, x2: width - RIGHT, y1: y(value), y2: y(value) });
        add(svg, "text", { x: GUTTER - 7, y: y(value) + 4, "text-anchor": "end" }, si(value, plot.unit));
      }
      const kinds = all.filter(([series]) => series.kind === "count").length;
      let place = 0;
      for (const [series, shown] of all) {
        const group = add(svg, "g", { class: "t-" + series.tone });
        if (series.kind === "rate") {
          let curve = "", area = "";
          for (const [from, to, value] of shown) {
            const left = clamped(from, width).toFixed(1), right = clamped(to, width).toFixed(1), py = y(value).toFixed(1);
            curve += (curve ? "V" + py : "M" + left + " " + py) + "H" + right;
            area += (area ? "V" + py : "M" + left + " " + bottom + "V" + py) + "H" + right;
          }
          if (curve) { add(group, "path", { class: "area", d: area + "V" + bottom + "Z" }); add(group, "path", { class: "curve", d: curve }); }
        } else if (series.kind === "count") {
          for (const [from, to, value] of shown) {
            if (value <= 0) continue;
            const left = x(from, width), wide = Math.max((x(to, width) - left) / kinds - 1, 2.5), px = left + place * (wide + 1);
            if (px >= GUTTER - 3 && px <= width - RIGHT) add(group, "rect", { class: "bar", x: px, y: y(value), width: wide, height: Math.max(bottom - y(value), 1), rx: 1 });
          }
          place++;
        } else if (series.kind === "level") {
          let curve = "", isDown = false;
          for (const [t, value] of shown) {
            const px = clamped(t, width).toFixed(1);
            if (isDown) curve += "H" + px;
            if (value === null) { isDown = false; continue; }
            curve += isDown ? "V" + y(value).toFixed(1) : "M" + px + " " + y(value).toFixed(1);
            isDown = true;
          }
          if (curve) add(group, "path", { class: "curve", d: curve });
        } else {
          for (const [t, value] of shown) if (t >= view.from && t <= view.to) add(group, "circle", { class: "spot", cx: x(t, width), cy: y(value), r: 3 });
        }
      }
    }
    function plotTip(plot, t, width) {
      return plot.series.filter((each) => !each.hidden).map((series) => {
        const shown = prepare(series, width);
        let value = null;
        if (series.kind === "rate" || series.kind === "count") {
          value = (shown.find((each) => each[0] <= t && t < each[1]) || [0, 0, 0])[2];
        } else if (series.kind === "level") {
          for (const point of shown) { if (point[0] > t) break; value = point[1]; }
        } else {
          const reach = (view.to - view.from) / plotWidth(width) * 8;
          for (const point of shown) if (Math.abs(point[0] - t) < reach) value = point[1];
        }
        return [series.tone, series.name, si(value, plot.unit)];
      });
    }

    """#

  /// The panels of a peer.
  private static let scriptOfPanels = #"""
    const tip = document.getElementById("tip");
    function showTip(event, t, rows) {
      tip.replaceChildren();
      add(tip, "time", {}, timeText(t));
      for (const [tone, name, value] of rows) {
        const row = add(tip, "div");
        add(row, "span", { class: "t-" + tone }, name);
        add(row, "b", {}, value);
      }
      tip.hidden = false;
      const wide = tip.offsetWidth, high = tip.offsetHeight;
      tip.style.left = Math.max(4, event.clientX + 16 + wide > innerWidth ? event.clientX - wide - 12 : event.clientX + 16) + "px";
      tip.style.top = Math.max(4, Math.min(event.clientY + 14, innerHeight - high - 6)) + "px";
    }

    function panel(parent, title, note, height, draw, hover, series = []) {
      const box = add(parent, "div", { class: "panel" });
      const head = add(box, "h3", {}, title);
      if (note) add(head, "small", {}, note);
      if (series.length > 0) {
        const legend = add(box, "div", { class: "legend" });
        for (const each of series) {
          const button = add(legend, "button", { class: "t-" + each.tone, "aria-pressed": "true", title: "show or hide" }, each.name);
          button.onclick = () => { each.hidden = !each.hidden; button.setAttribute("aria-pressed", String(!each.hidden)); render(one); };
        }
      }
      const svg = add(box, "svg", { class: "time", height, role: "img", "aria-label": title });
      const one = { svg, height, draw };
      panels.push(one);
      svg.onpointermove = (event) => {
        const bounds = svg.getBoundingClientRect(), t = timeAt(event.clientX - bounds.left, bounds.width);
        setCursor(t);
        if (drag) return moveDrag(event, bounds);
        showTip(event, t, hover(t, event.clientY - bounds.top, bounds.width));
      };
      svg.onpointerleave = () => { tip.hidden = true; setCursor(null); };
      svg.onpointerdown = (event) => startDrag(event, one);
      svg.onpointerup = (event) => endDrag(event);
      svg.onpointercancel = () => cancelDrag();
      svg.ondblclick = () => setView(-PAD, data.end + PAD);
      svg.addEventListener("wheel", (event) => {
        if (!event.ctrlKey && !event.shiftKey) return;
        event.preventDefault();
        const bounds = svg.getBoundingClientRect(), t = timeAt(event.clientX - bounds.left, bounds.width);
        if (event.shiftKey) return shift((event.deltaX || event.deltaY) / 800);
        zoom(Math.exp(event.deltaY / 300), t);
      }, { passive: false });
      return one;
    }

    const short = (text, room) => text.length <= room ? text : room < 3 ? "" : text.slice(0, room - 1) + "…";

    function states(parent, peer) {
      const high = 24, rows = peer.lanes.length + 1;
      const names = peer.lanes.map((each) => each.name);
      panel(parent, "States", "and what was called and told: hover the marks", rows * high + 26, (svg, width) => {
        grid(svg, width, 4, rows * high + 6, true);
        peer.lanes.forEach((lane, row) => {
          add(svg, "text", { class: "name", x: GUTTER - 7, y: row * high + 20, "text-anchor": "end" }, short(lane.name, 16));
          for (const [from, to, label, tone] of lane.spans) {
            if (to < view.from || from > view.to) continue;
            const left = clamped(from, width), wide = Math.max(clamped(to, width) - left, 2.5);
            const group = add(svg, "g", { class: "t-" + tone });
            add(group, "rect", { class: "span", x: left, y: row * high + 6, width: wide, height: high - 5, rx: 4 });
            const text = short(label, Math.floor((wide - 10) / 6.4));
            if (text) add(group, "text", { class: "onspan", x: left + 6, y: row * high + 20 }, text);
          }
        });
        const last = peer.lanes.length;
        add(svg, "text", { class: "name", x: GUTTER - 7, y: last * high + 20, "text-anchor": "end" }, "Calls, events");
        for (const [t, tone] of peer.marks) {
          if (t < view.from || t > view.to) continue;
          add(svg, "rect", { class: "span t-" + tone, x: x(t, width) - 1.5, y: last * high + (tone === "a" ? 5 : 14), width: 3, height: 9, rx: 1 });
        }
      }, (t, y, width) => {
        const row = Math.floor((y - 3) / high), reach = (view.to - view.from) / plotWidth(width) * 5;
        if (row >= peer.lanes.length) {
          const near = peer.marks.filter((each) => Math.abs(each[0] - t) <= reach);
          return near.slice(0, 14).map(([at, tone, text]) => [tone, short(text, 70), timeText(at)]).concat(near.length > 14 ? [["", "and " + (near.length - 14) + " more", ""]] : []);
        }
        return (peer.lanes[row] ? peer.lanes[row].spans : []).filter((each) => each[0] - reach <= t && t <= each[1] + reach).slice(0, 8)
          .map(([from, to, label, tone]) => [tone, names[row] + ": " + label, timeText(to - from)]);
      });
    }

    function checks(parent, peer) {
      if (peer.checks.length === 0) return;
      const high = 36, total = peer.rows.length * high;
      const note = "● ours  ◆ the peer's; green: answered, orange: an error, red: no answer; a ring nominates";
      panel(parent, "ICE checks and answers", note, total + 26, (svg, width) => {
        grid(svg, width, 4, total + 6, true);
        peer.rows.forEach((name, row) => {
          add(svg, "line", { class: "grid", x1: GUTTER, x2: width - RIGHT, y1: row * high + 26, y2: row * high + 26 });
          add(svg, "text", { x: GUTTER + 6, y: row * high + 15 }, name);
        });
        for (const [sent, row, incoming, answered, success, nominating, again] of peer.checks) {
          if (sent > view.to || (answered ?? sent) < view.from) continue;
          const tone = answered === null ? "bad" : success ? "good" : "warn";
          const group = add(svg, "g", { class: "t-" + tone }), cy = row * high + 26, cx = x(sent, width);
          if (answered !== null) add(group, "line", { class: "link", x1: clamped(sent, width), x2: clamped(answered, width), y1: cy, y2: cy });
          if (cx < GUTTER - 6 || cx > width) continue;
          if (nominating) add(group, "circle", { class: "ring", cx, cy, r: 7.5 });
          const shape = answered === null || again ? "ring" : "spot";
          if (incoming) add(group, "path", { class: shape, d: `M${cx - 5} ${cy}L${cx} ${cy - 5}L${cx + 5} ${cy}L${cx} ${cy + 5}Z` });
          else add(group, "circle", { class: shape, cx, cy, r: 4 });
        }
      }, (t, y, width) => {
        const row = Math.floor(y / high), reach = (view.to - view.from) / plotWidth(width) * 8;
        return peer.checks.filter((each) => each[1] === row && each[0] - reach <= t && t <= (each[3] ?? each[0]) + reach).slice(0, 8)
          .map(([sent, , incoming, answered, success, nominating, again, code]) => [
            answered === null ? "bad" : success ? "good" : "warn",
            (incoming ? "the peer's check" : "our check") + (nominating ? ", nominating" : "") + (again ? ", again" : "") + " at " + timeText(sent),
            answered === null ? "no answer" : (success ? "" : "error " + (code ?? "") + " ") + "after " + timeText(answered - sent)]);
      });
    }

    // Not on the axis of time: a handshake is short, and its order is what matters.
    function ladder(parent, peer) {
      if (peer.flights.length === 0) return;
      const box = add(parent, "div", { class: "panel" });
      const head = add(box, "h3", {}, "DTLS flights");
      add(head, "small", {}, "from top to bottom; dashed: sent again");
      const high = 42, svg = add(box, "svg", { height: peer.flights.length * high + 46, role: "img", "aria-label": "DTLS flights" });
      const draw = (svg, width) => {
        const left = 120, right = width - 120, end = peer.flights.length * high + 40;
        add(svg, "text", { class: "flight", x: left, y: 14 }, "this peer");
        add(svg, "text", { class: "flight", x: right, y: 14 }, "the other");
        for (const px of [left, right]) add(svg, "line", { class: "life", x1: px, x2: px, y1: 20, y2: end });
        let before = null;
        peer.flights.forEach(([t, incoming, messages, size, again, alert], index) => {
          const y = 36 + index * high, from = incoming ? right : left, to = incoming ? left : right, sign = incoming ? 1 : -1;
          const group = add(svg, "g", { class: "t-" + (alert ? "bad" : again ? "warn" : incoming ? "a" : "b") });
          add(group, "path", { class: "arrow" + (again ? " again" : ""), d: `M${from} ${y + 8}L${to + sign * 7} ${y + 18}` });
          add(group, "path", { class: "head", d: `M${to} ${y + 19}l${sign * 11} -6l${sign * -1} 11Z` });
          add(svg, "text", { class: "flight" + (again ? " again-text" : ""), x: (left + right) / 2, y: y + 5 },
            short((again ? "again: " : "") + messages.join(", "), Math.floor((right - left - 20) / 6.1)));
          add(svg, "text", { x: left - 12, y: y + 14, "text-anchor": "end" }, timeText(t));
          add(svg, "text", { x: right + 12, y: y + 14 }, (before === null ? "" : "+" + timeText(t - before) + ", ") + si(size, "B"));
          before = t;
        });
      };
      panels.push({ svg, draw, isStill: true });
    }

    function plotPanel(parent, plot, height) {
      if (plot.series.length === 0) return;
      panel(parent, plot.title, plot.unit + (plot.log ? ", logarithmic" : ""), height, (svg, width) => drawPlot(svg, plot, width, height), (t, y, width) => plotTip(plot, t, width), plot.series);
    }

    function log(parent, peer) {
      const box = add(parent, "details", { class: "panel" });
      add(box, "summary", {}, peer.marks.length + " calls and events");
      box.ontoggle = () => {
        if (!box.open || box.querySelector(".log")) return;
        const list = add(box, "div", { class: "log" });
        for (const [t, tone, text] of peer.marks) {
          const row = add(list, "div", { class: "t-" + tone });
          add(row, "time", {}, timeText(t));
          add(row, "i");
          add(row, "span", {}, text);
          const half = Math.min((view.to - view.from) / 2, data.end / 20);
          row.onclick = () => setView(t - half, t + half);
        }
      };
    }

    """#

  /// The one view of time that all panels share.
  private static let scriptOfView = #"""
    let cursor = null, drag = null, isDue = false;
    function render(one) {
      const width = one.svg.clientWidth || one.svg.parentNode.clientWidth;
      if (!width) return;
      one.width = width;
      one.svg.replaceChildren();
      one.draw(one.svg, width);
      if (!one.isStill) {
        one.cursor = add(one.svg, "line", { class: "cursor", y1: 0, y2: one.height - 18 });
        one.chosen = add(one.svg, "rect", { class: "chosen", y: 0, height: one.height - 18, width: 0 });
        placeCursor(one);
      }
    }
    function renderAll() {
      isDue = false;
      for (const one of panels) render(one);
      document.getElementById("range").textContent = timeText(Math.max(view.from, 0)) + " – " + timeText(Math.min(view.to, data.end)) + " of " + timeText(data.end);
    }
    function due() { if (!isDue) { isDue = true; requestAnimationFrame(renderAll); } }
    function placeCursor(one) {
      const shown = cursor !== null && cursor >= view.from && cursor <= view.to;
      one.cursor.setAttribute("visibility", shown ? "visible" : "hidden");
      if (shown) { const px = x(cursor, one.width); one.cursor.setAttribute("x1", px); one.cursor.setAttribute("x2", px); }
    }
    function setCursor(t) { cursor = t; for (const one of panels) if (one.cursor) placeCursor(one); }
    function setView(from, to) {
      const least = Math.max(data.end * 1e-6, 0.01), low = -PAD, high = data.end + PAD;
      let span = Math.min(Math.max(to - from, least), high - low);
      from = Math.min(Math.max(from, low), high - span);
      view.from = from; view.to = from + span;
      due();
    }
    function zoom(factor, around = (view.from + view.to) / 2) { setView(around - (around - view.from) * factor, around + (view.to - around) * factor); }
    function shift(part) { const by = (view.to - view.from) * part; setView(view.from + by, view.to + by); }

    function startDrag(event, one) {
      if (event.button !== 0) return;
      const bounds = one.svg.getBoundingClientRect();
      drag = { one, from: event.clientX - bounds.left };
      one.svg.setPointerCapture(event.pointerId);
      tip.hidden = true;
    }
    function moveDrag(event, bounds) {
      const px = event.clientX - bounds.left;
      drag.one.chosen.setAttribute("x", Math.max(Math.min(px, drag.from), GUTTER));
      drag.one.chosen.setAttribute("width", Math.max(Math.abs(px - drag.from), 0));
    }
    function endDrag(event) {
      if (!drag) return;
      const bounds = drag.one.svg.getBoundingClientRect(), px = event.clientX - bounds.left, from = drag.from;
      cancelDrag();
      if (Math.abs(px - from) < 5) return;
      const a = timeAt(Math.max(Math.min(px, from), GUTTER), bounds.width), b = timeAt(Math.max(px, from), bounds.width);
      setView(a, b);
    }
    function cancelDrag() { if (drag) drag.one.chosen.setAttribute("width", 0); drag = null; }

    const setups = data.peers.filter((each) => each.setup !== null);
    const acts = {
      all: () => setView(-PAD, data.end + PAD),
      setup: () => {
        if (setups.length === 0) return acts.all();
        const from = Math.min(...setups.map((each) => each.start)), to = Math.max(...setups.map((each) => each.setup)), room = Math.max((to - from) * 0.06, 0.05);
        setView(from - room, to + room);
      },
      in: () => zoom(0.5), out: () => zoom(2), left: () => shift(-0.3), right: () => shift(0.3),
    };
    for (const button of document.querySelectorAll("[data-view]")) button.onclick = acts[button.dataset.view];
    document.onkeydown = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const act = { "+": "in", "=": "in", "-": "out", ArrowLeft: "left", ArrowRight: "right", 0: "all" }[event.key];
      if (act) { acts[act](); event.preventDefault(); }
    };

    data.peers.forEach((peer, index) => {
      const parent = document.querySelector("#peer" + index + " .plots");
      states(parent, peer);
      checks(parent, peer);
      ladder(parent, peer);
      for (const plot of peer.plots) plotPanel(parent, plot, plot.title === "SCTP windows" ? 150 : 128);
      for (const stream of peer.streams) {
        const section = add(parent, "div", { class: "stream" });
        const head = add(section, "h3", {}, stream.title);
        add(head, "small", {}, stream.detail);
        for (const plot of stream.plots) plotPanel(section, plot, 104);
      }
      log(parent, peer);
    });
    renderAll();
    new ResizeObserver(due).observe(document.querySelector("main"));
    """#
}
