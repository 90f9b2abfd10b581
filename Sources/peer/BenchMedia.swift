import ArgumentParser

struct BenchMedia: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "media",
    abstract: "Measure audio and video: forwarding, packetizing, memory, and 1,000 calls over UDP.",
    discussion: """
      What the engine takes is compared with libsrtp2 alone, as it is installed, called for the same packets in the same run.
      """)

  @ParentCommand var bench: Bench
  @Option(help: "Audio calls at once; 1,000 by default, 100 with --quick.") var peers: Int?

  func run() async throws {
    let scale = self.bench.quick ? 1 : 10
    var progress = Progress()
    progress.show("forwarding")
    let forwarding = try measureForwarding(rounds: 3 * scale, packetsPerRound: 12_000)
    progress.show("packetizing")
    let packetizing = try measurePacketizing(rounds: 3 * scale, framesPerRound: 400)
    progress.show("whole connections")
    let call = try measureCall(frames: 300 * scale)
    let heap = (try measureMediaHeap([.audio]), try measureMediaHeap([.audio, .video]))
    let idle = (try measureIdleLines(2, rounds: scale * 100_000), try measureIdleLines(50, rounds: scale * 100_000))
    let calls = try measureCalls(
      peers: max(self.peers ?? (self.bench.quick ? 100 : 1000), 1), seconds: self.bench.quick ? 4 : 20, progress: &progress)
    progress.end()
    if self.bench.json {
      try printJSON([
        "srtp_forward_ratio": rounded(forwarding.ratio, 3), "packetize_protect_ns": rounded(packetizing.ours, 1),
        "bare_protect_ns": rounded(packetizing.bare, 1),
        "allocations_per_packet": rounded(max(forwarding.allocations, packetizing.allocations), 4),
        "audio_peers": calls.peers, "audio_core_load": rounded(calls.load, 3),
        "audio_packets_per_second": rounded(calls.rate),
        "heap_bytes_audio_peer": heap.0, "heap_bytes_audio_video_peer": heap.1,
        "idle_poll_ns_2_lines": rounded(idle.0, 1), "idle_poll_ns_50_lines": rounded(idle.1, 1),
      ])
      return
    }
    var rows: [(String, String)] = []
    let bare = "libsrtp2 alone \(rounded(forwarding.bare, 0))"
    let bareProtection = "libsrtp2's protection alone \(rounded(packetizing.bare, 0))"
    rows.append(
      ("forwarding", "\(rounded(forwarding.ours, 0)) ns a packet, \(bare): \(rounded(forwarding.ratio)) times"))
    rows.append(("  its allocations", "\(rounded(forwarding.allocations, 4)) a packet"))
    rows.append(
      ("H264 packetized and protected", "\(rounded(packetizing.ours, 0)) ns a packet, \(bareProtection)"))
    rows.append(("  its allocations", "\(rounded(packetizing.allocations, 4)) a packet"))
    rows.append(("H264 between two connections", "\(rounded(call.cost, 0)) ns a packet, both ends, with reassembly"))
    rows.append(("  its allocations", "\(rounded(call.allocations, 4)) a packet"))
    rows.append(("heap of a connected peer", "\(heap.0) bytes with audio, \(heap.1) with audio and video"))
    rows.append(("idle poll", "\(rounded(idle.0, 1)) ns with 2 media sections, \(rounded(idle.1, 1)) with 50"))
    let load = "\(rounded(calls.load * 100, 1)) % of a core at 50 packets a second each way"
    rows.append(("\(calls.peers) audio calls over UDP", "\(load); \(rounded(calls.rate)) came and went"))
    rows.append(("  of that a packet", "\(rounded(calls.cost / 1000)) µs, the kernel's share included"))
    rows.append(("  set-up", "\(rounded(calls.setup)) ms CPU a call, both ends"))
    printTable("audio and video, AEAD_AES_128_GCM, video packets of 1,200 bytes", rows)
  }
}
