import ArgumentParser
import Cryptography
import DataChannel
@preconcurrency import Dispatch
import EpollDriver
import FlyingFox
import FlyingSocks
import Foundation
import STUN
import WebRTC

struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Serve a page and an endpoint that browsers and other peers connect to.",
    discussion: """
      GET /       a page that connects, publishes, plays, chats and measures
      POST /echo  takes an SDP offer; messages and media come back
      POST /whip  takes what the client sends (RFC 9725)
      POST /whep  plays the files of --video and --audio, or without them
                  what was published last by /whip

      An answer comes with the Location of its session: GET tells statistics,
      PATCH takes candidates (RFC 8840), and offers where it is an echo's,
      DELETE ends it.
      """)

  @Option(help: "Address of the HTTP server.") var host = "127.0.0.1"
  @Option(help: "Port of the HTTP server; 0 lets the system choose.") var port: UInt16 = 8080
  @Option(help: "UDP port that all sessions share; 0 lets the system choose.") var udpPort: UInt16 = 0
  @Option(help: "Address to signal instead of the interface's own, behind a one-to-one NAT.") var advertise: String?
  @Option(help: "STUN server as ADDRESS:PORT, for reflexive candidates.") var stun: [String] = []
  @Option(help: "How many sessions may exist at a time.") var maxSessions = 256
  @Option(help: "Seconds after which a session that has not connected is dropped.") var expiry: UInt32 = 30
  @Option(help: "Open a channel of this label towards each client as well.") var open: [String] = []
  @Option(help: "Open the channel of this identifier, agreed upon without DCEP, towards each client as well.")
  var negotiated: [UInt16] = []
  @OptionGroup var clips: ClipOptions
  @Option(help: "Store what arrives in this directory, as Annex B H264, IVF VP8, MJPEG, Ogg Opus and WAV.")
  var save: String?
  @Option(help: "Take only requests to /whip and /whep that bear this token.") var token: String?
  @OptionGroup var recording: RecordingOption

  func run() async throws {
    var driver = EpollDriver.Configuration()
    driver.port = self.udpPort
    guard let host = IPAddress(self.host == "localhost" ? "127.0.0.1" : self.host) else {
      throw ValidationError("--host takes an IPv4 or IPv6 address")
    }
    // Who serves HTTP to this machine alone is reached by UDP from this machine, too.
    driver.includesLoopback = host.isLoopback
    if let advertise = self.advertise {
      guard let address = IPAddress(advertise) else {
        throw ValidationError("--advertise takes an IPv4 or IPv6 address")
      }
      driver.advertisedAddress = address
    }
    let stunServers = try self.stun.map { try parseServer($0) }
    let identity = try makeIdentity()
    let clips = try self.clips.load()
    let files = try self.save.map { try StreamFiles(directory: $0) }
    try await withDriver(driver) { driver in
      var peer = PeerConnection.Configuration.media(on: driver)
      peer.ice.stunServers = stunServers
      let sessions = Sessions(
        driver: driver, configuration: peer, identity: identity, maximum: self.maxSessions,
        expiry: self.expiry, channels: self.channels,
        resources: MediaResources(clips: clips, source: ClipSource(driver: driver), files: files),
        recording: self.recording)
      let server = HTTPServer(
        config: host.isV4
          ? .init(address: try sockaddr_in.inet(ip4: self.hostText, port: self.port), timeout: 30, logger: .disabled)
          : .init(address: try sockaddr_in6.inet6(ip6: self.hostText, port: self.port), timeout: 30, logger: .disabled))
      let endpoint = Endpoint(sessions: sessions, token: self.token, stun: self.stun)
      await server.appendRoute("*") { request in await endpoint.respond(to: request) }
      let running = Task { try await server.run() }
      try await server.waitUntilListening()
      if case .ip4(let host, let port)? = await server.listeningAddress { print("listening on http://\(host):\(port)/") }
      if case .ip6(let host, let port)? = await server.listeningAddress { print("listening on http://[\(host)]:\(port)/") }
      fflush(nil)
      let interrupts = interruptions()
      for await _ in interrupts { break }
      await server.stop(timeout: 1)
      running.cancel()
      sessions.closeAll()
    }
  }

  /// The channels that each session opens from this side.
  private var channels: [ChannelOptions] {
    self.open.map { ChannelOptions(label: Array($0.utf8)) }
      + self.negotiated.map {
        var options = ChannelOptions(label: Array("negotiated".utf8))
        options.negotiatedID = $0
        return options
      }
  }

  private var hostText: String { self.host == "localhost" ? "127.0.0.1" : self.host }
}

/// `ADDRESS:PORT`, with brackets around an IPv6 address.
func parseServer(_ text: String) throws -> TransportAddress {
  guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]),
    let ip = IPAddress(text[..<colon].trimmingCharacters(in: CharacterSet(charactersIn: "[]")))
  else { throw ValidationError("'\(text)' is not ADDRESS:PORT") }
  return TransportAddress(ip: ip, port: port)
}

/// One element when the user or the system asks the process to end.
func interruptions() -> AsyncStream<Void> {
  AsyncStream { continuation in
    let sources = [SIGINT, SIGTERM].map { signal in
      Foundation.signal(signal, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: signal)
      source.setEventHandler { continuation.yield() }
      source.resume()
      return source
    }
    continuation.onTermination = { _ in for source in sources { source.cancel() } }
  }
}
