import ArgumentParser
import EpollDriver
import Foundation
import STUN
import WebRTC

struct Connect: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Connect to an endpoint like that of 'peer serve', as the offerer, and check that it echoes.")

  @Argument(help: "Where to POST the offer, such as http://127.0.0.1:8080/echo.") var url: String
  @Option(help: "Messages on each of the two channels.") var messages = 1000
  @Option(help: "Bytes of each message.") var size = 16_384
  @Option(help: "STUN server as ADDRESS:PORT, for reflexive candidates.") var stun: [String] = []
  @Option(help: "Seconds after which it has failed.") var timeout = 30.0
  @Flag(help: "Print one JSON object instead of a table.") var json = false
  @OptionGroup var recording: RecordingOption

  func run() async throws {
    guard let url = URL(string: self.url), url.scheme == "http" || url.scheme == "https", let host = url.host else {
      throw ValidationError("'\(self.url)' is not an http URL")
    }
    guard (0...1_000_000).contains(self.messages), (0...262_144).contains(self.size) else {
      throw ValidationError("--messages takes 0 to 1000000, --size 0 to 262144")
    }
    var driver = EpollDriver.Configuration()
    driver.includesLoopback = host == "localhost" || IPAddress(host)?.isLoopback == true
    var configuration = PeerConnection.Configuration()
    configuration.ice.stunServers = try self.stun.map { try parseServer($0) }
    let plan = ProbeSession.Plan(messages: self.messages, size: self.size)
    let result = try await withDriver(driver) { driver in
      let session = SignalingClient()
      let result = try await probe(
        on: driver, plan: plan, timeout: self.timeout, recording: self.recording, configuration: configuration
      ) { offer in try await session.exchange(offer, at: url) }
      await session.end()
      return result
    }
    try report(result, title: "connected to \(self.url)", json: self.json)
  }
}
