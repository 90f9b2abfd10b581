"""GStreamer's webrtcbin as a process: a request per line of standard input, its result per line of standard output, in JSON.

Debian's interpreter runs it, because its bindings are Debian's."""

import array
import json
import sys
import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstApp", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import GLib, Gst, GstApp, GstSdp, GstWebRTC  # noqa: E402, F401

from sound import tone  # noqa: E402

RTP = {
    "opus": "application/x-rtp,media=audio,encoding-name=OPUS,clock-rate=48000,encoding-params=(string)2,payload=111",
    "PCMU": "application/x-rtp,media=audio,encoding-name=PCMU,clock-rate=8000,payload=0",
    "PCMA": "application/x-rtp,media=audio,encoding-name=PCMA,clock-rate=8000,payload=8",
    "VP8": "application/x-rtp,media=video,encoding-name=VP8,clock-rate=90000,payload=96",
    "H264": "application/x-rtp,media=video,encoding-name=H264,clock-rate=90000,payload=102,packetization-mode=(string)1",
}
ENCODE = {
    "opus": "opusenc ! rtpopuspay name=payloader",
    "PCMU": "mulawenc ! rtppcmupay name=payloader",
    "PCMA": "alawenc ! rtppcmapay name=payloader",
    "VP8": "vp8enc deadline=1 keyframe-max-dist=30 ! rtpvp8pay name=payloader picture-id-mode=2",
    # Several slices a frame, which zero latency would have, each get parameter sets from the payloader: a new picture to ffmpeg.
    "H264": "x264enc sliced-threads=false tune=zerolatency speed-preset=ultrafast key-int-max=30 ! video/x-h264,profile=constrained-baseline"
    " ! rtph264pay name=payloader config-interval=-1 aggregate-mode=zero-latency",
}
DECODE = {
    "OPUS": "rtpopusdepay ! opusdec",
    "PCMU": "rtppcmudepay ! mulawdec",
    "PCMA": "rtppcmadepay ! alawdec",
    "VP8": "rtpvp8depay ! vp8dec",
    "H264": "rtph264depay ! h264parse ! openh264dec",
}
# Nothing flows before the connection is there, so that what the payloaders take is what is sent.
PICTURES = "videotestsrc is-live=true pattern=ball background-color=0xff406080 ! video/x-raw,width=320,height=240,framerate=15/1,format=I420"
SOUND = "audiotestsrc is-live=true freq=440 samplesperbuffer={samples} ! audio/x-raw,rate={rate},channels=1"
DIRECTION = GstWebRTC.WebRTCRTPTransceiverDirection


class Peer:
    def __init__(self):
        self.pipeline = Gst.Pipeline.new(None)
        self.webrtc = Gst.ElementFactory.make("webrtcbin")
        self.webrtc.set_property("bundle-policy", GstWebRTC.WebRTCBundlePolicy.MAX_BUNDLE)
        self.pipeline.add(self.webrtc)
        self.webrtc.connect("pad-added", self.stream)
        self.webrtc.connect("notify::ice-gathering-state", self.gathered)
        self.webrtc.connect("notify::connection-state", lambda *_: GLib.idle_add(self.connection_changed))
        self.valves = []
        self.sent = {}
        self.received = {}
        self.shown = {}
        self.heard = array.array("h")
        self.offering = None
        bus = self.pipeline.get_bus()
        bus.add_signal_watch()
        bus.connect("message::error", lambda _, message: print(*message.parse_error(), file=sys.stderr, flush=True))

    # What is sent.

    def add(self, kind, direction, codec):
        caps = Gst.Caps.from_string(RTP[codec])
        wanted = getattr(DIRECTION, direction.upper())
        if not direction.startswith("send"):
            transceiver = self.webrtc.emit("add-transceiver", wanted, caps)
            transceiver.set_property("do-nack", kind == "video")
            return
        rate = 48_000 if codec == "opus" else 8_000
        source = PICTURES if kind == "video" else SOUND.format(rate=rate, samples=rate // 50)
        source = Gst.parse_bin_from_description(
            f"{source} ! valve name=valve drop=true ! {ENCODE[codec]} ! capsfilter caps={RTP[codec]}", True
        )
        self.pipeline.add(source)
        pad = self.webrtc.request_pad_simple("sink_%u")
        source.get_static_pad("src").link(pad)
        transceiver = pad.get_property("transceiver")
        transceiver.set_property("direction", wanted)
        transceiver.set_property("codec-preferences", caps)
        transceiver.set_property("do-nack", kind == "video")
        self.valves.append(source.get_by_name("valve"))
        self.sent[kind] = 0

        def count(*_):
            self.sent[kind] += 1
            return Gst.PadProbeReturn.OK

        source.get_by_name("payloader").get_static_pad("sink").add_probe(Gst.PadProbeType.BUFFER, count)

    def connection_changed(self):
        if self.webrtc.get_property("connection-state") == GstWebRTC.WebRTCPeerConnectionState.CONNECTED:
            for valve in self.valves:
                valve.set_property("drop", False)

    def pause(self):
        for valve in self.valves:
            valve.set_property("drop", True)

    # What is received.

    def stream(self, _, pad):
        if pad.direction != Gst.PadDirection.SRC:
            return
        caps = pad.get_current_caps().get_structure(0)
        kind = caps.get_string("media")
        if kind == "video":
            end = "videoconvert ! videoscale ! video/x-raw,format=GRAY8,width=32,height=24"
        else:
            end = "audioconvert ! audioresample ! audio/x-raw,format=S16LE,rate=48000,channels=1"
        sink = Gst.parse_bin_from_description(
            f"{DECODE[caps.get_string('encoding-name')]} ! {end} ! appsink name=sink sync=false emit-signals=true", True
        )
        self.received[kind] = 0
        sink.get_by_name("sink").connect("new-sample", self.frame, kind)
        self.pipeline.add(sink)
        sink.sync_state_with_parent()
        pad.link(sink.get_static_pad("sink"))

    def frame(self, sink, kind):
        buffer = sink.emit("pull-sample").get_buffer()
        data = buffer.extract_dup(0, buffer.get_size())
        self.received[kind] += 1
        if kind == "video":
            self.shown = list(data)
        else:
            self.heard = (self.heard + array.array("h", data))[-24_000:]
        return Gst.FlowReturn.OK

    # Descriptions.

    def offer(self, media, done):
        self.offering = done
        for medium in media:
            self.add(medium["kind"], medium["direction"], medium["codec"])
        self.pipeline.set_state(Gst.State.PLAYING)
        self.webrtc.emit("create-offer", None, Gst.Promise.new_with_change_func(self.offered))

    def offered(self, promise, *_):
        # The bindings free what nothing in Python holds.
        reply = promise.get_reply()
        offer = reply.get_value("offer")
        self.kept = promise, reply, offer
        self.webrtc.emit("set-local-description", offer, Gst.Promise.new())

    def gathered(self, *_):
        if self.webrtc.get_property("ice-gathering-state") == GstWebRTC.WebRTCICEGatheringState.COMPLETE:
            done, self.offering = self.offering, None
            if done:
                done(self.webrtc.get_property("local-description").sdp.as_text())

    def answered(self, answer):
        _, parsed = GstSdp.SDPMessage.new_from_text(answer)
        description = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, parsed)
        self.webrtc.emit("set-remote-description", description, Gst.Promise.new())

    def statistics(self, done):
        def ready(promise, *_):
            reports = []

            def take(_, report):
                if isinstance(report, Gst.Structure):
                    names = ("kind", "packets-received", "packets-lost", "packets-sent", "ssrc")
                    fields = {name: report.get_value(name) for name in names if report.has_field(name)}
                    reports.append({"type": report.get_value("type").value_nick} | fields)
                return True

            promise.get_reply().foreach(take)
            GLib.idle_add(done, reports)

        self.webrtc.emit("get-stats", None, Gst.Promise.new_with_change_func(ready))

    def state(self):
        return self.webrtc.get_property("connection-state").value_nick


def main():
    Gst.init(None)
    loop = GLib.MainLoop()
    peer = Peer()

    def handle(request):
        def done(result=None):
            print(json.dumps({"id": request["id"], "result": result}), flush=True)

        arguments = request["arguments"]
        match request["verb"]:
            case "offer":
                peer.offer(*arguments, done)
            case "answered":
                done(peer.answered(*arguments))
            case "counts":
                done({"sent": peer.sent, "received": peer.received})
            case "statistics":
                peer.statistics(done)
            case "picture":
                done(peer.shown or [0] * (32 * 24))
            case "tone":
                done(tone(peer.heard, 48_000))
            case "pause":
                done(peer.pause())
            case "state":
                done(peer.state())

    def read():
        for line in sys.stdin:
            GLib.idle_add(handle, json.loads(line))
        loop.quit()

    threading.Thread(target=read, daemon=True).start()
    loop.run()
    peer.pipeline.set_state(Gst.State.NULL)


main()
