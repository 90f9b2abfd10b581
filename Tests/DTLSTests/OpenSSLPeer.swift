import Bytes
import Cryptography
import DTLS
import Foundation
import Testing
import Time

/// A certificate with its key in files, made by the openssl tool.
struct OpenSSLCredentials {
  let certificateFile: String
  let keyFile: String
  let fingerprint: Fingerprint

  static let ecdsa = OpenSSLCredentials(name: "ec", key: ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"])
  static let rsa = OpenSSLCredentials(name: "rsa", key: ["-newkey", "rsa:2048"])

  private static let directory: String = {
    let path = NSTemporaryDirectory() + "dtls-tests-\(ProcessInfo.processInfo.processIdentifier)"
    try! FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
  }()

  private init(name: String, key: [String]) {
    self.certificateFile = "\(Self.directory)/\(name).pem"
    self.keyFile = "\(Self.directory)/\(name).key"
    let process = try! ToolProcess(
      ["req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=peer", "-keyout", self.keyFile, "-out", self.certificateFile]
        + key)
    process.wait()
    let pem = try! String(contentsOfFile: self.certificateFile, encoding: .utf8)
    let base64 = pem.split(separator: "\n").filter { !$0.hasPrefix("-----") }.joined()
    let der = [UInt8](Data(base64Encoded: base64)!)
    self.fingerprint = Fingerprint(.sha256, of: der.span)
  }
}

/// `openssl s_server` or `s_client` on the loopback interface, with one of our connections at the other end of a UDP socket.
/// Waits end when something happens, and give up after ten seconds.
final class OpenSSLPeer {
  let endpoint: Endpoint
  let socket: Int32
  private let process: ToolProcess
  private(set) var text = ""

  /// Starts the tool in the role that `endpoint` does not have.
  init(_ endpoint: Endpoint, _ credentials: OpenSSLCredentials = .ecdsa, arguments: [String] = []) throws {
    self.endpoint = endpoint
    self.socket = Foundation.socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    let port = try Self.bindLoopback(self.socket)
    let common = [
      "-dtls1_2", "-cert", credentials.certificateFile, "-key", credentials.keyFile,
      "-use_srtp", "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80",
      "-keymatexport", "EXTRACTOR-dtls_srtp", "-keymatexportlen", "56",
    ]
    if endpoint.connection.role == .client {
      self.process = try ToolProcess(["s_server", "-accept", "127.0.0.1:0", "-Verify", "1"] + common + arguments)
    } else {
      self.process = try ToolProcess(["s_client", "-connect", "127.0.0.1:\(port)"] + common + arguments)
    }
    if endpoint.connection.role == .client {
      let accepting = try self.wait { $0.text.contains(/ACCEPT 127\.0\.0\.1:\d+/) }
      #expect(accepting, "\(self.text)")
      let match = try #require(self.text.firstMatch(of: /ACCEPT 127\.0\.0\.1:(\d+)/))
      try self.connect(to: UInt16(match.1)!)
    }
    endpoint.connection.setRemoteFingerprints([credentials.fingerprint], now: Self.now)
    endpoint.connection.start(now: Self.now)
  }

  deinit {
    Foundation.close(self.socket)
  }

  static var now: Instant { Instant(nanoseconds: monotonicNanoseconds()) }

  func send(_ text: String) { self.process.write(text) }

  func send(record: [UInt8]) { _ = record.withUnsafeBytes { Foundation.send(self.socket, $0.baseAddress, $0.count, 0) } }

  /// The keying material that the tool printed.
  var keyingMaterial: String? { self.text.firstMatch(of: /Keying material: ([0-9A-F]+)/).map { String($0.1) } }

  var sentDatagramSizes: [Int] = []

  /// Runs the connection until the condition holds; false after ten seconds.
  @discardableResult
  func wait(until condition: (OpenSSLPeer) -> Bool) throws -> Bool {
    let end = Self.now + .seconds(10)
    while true {
      self.flush()
      if condition(self) { return true }
      let now = Self.now
      guard now < end else { return false }
      let deadline = min(self.endpoint.nextDeadline ?? end, end)
      let milliseconds = Int32((deadline - now).nanoseconds / 1_000_000 + 1)
      var descriptors = [
        pollfd(fd: self.socket, events: Int16(POLLIN), revents: 0),
        pollfd(fd: self.process.output, events: Int16(POLLIN), revents: 0),
      ]
      _ = poll(&descriptors, 2, milliseconds)
      if descriptors[0].revents & Int16(POLLIN) != 0 { self.receive() }
      if descriptors[1].revents != 0 {
        var bytes = [UInt8](repeating: 0, count: 65536)
        let count = read(descriptors[1].fd, &bytes, bytes.count)
        if count > 0 { self.text += String(decoding: bytes.prefix(count), as: UTF8.self) } else { return condition(self) }
      }
      self.endpoint.connection.advance(to: Self.now)
      self.endpoint.pollEvents()
    }
  }

  private func flush() {
    for datagram in self.endpoint.transmit() {
      self.sentDatagramSizes.append(datagram.count)
      self.send(record: datagram)
    }
  }

  private func receive() {
    var bytes = [UInt8](repeating: 0, count: 65536)
    var address = sockaddr_in()
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let count = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { recvfrom(self.socket, &bytes, bytes.count, 0, $0, &size) }
    }
    guard count > 0 else { return }
    if self.endpoint.connection.role == .server, self.endpoint.phase == .idle {
      try? self.connect(to: UInt16(bigEndian: address.sin_port))
    }
    self.endpoint.receive(Array(bytes.prefix(count)), now: Self.now)
  }

  private func connect(to port: UInt16) throws {
    var address = Self.loopback(port)
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Foundation.connect(self.socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    #expect(result == 0)
  }

  private static func loopback(_ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    address.sin_port = port.bigEndian
    return address
  }

  private static func bindLoopback(_ socket: Int32) throws -> UInt16 {
    var address = Self.loopback(0)
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    return withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        #expect(bind(socket, $0, size) == 0)
        #expect(getsockname(socket, $0, &size) == 0)
      }
      return UInt16(bigEndian: pointer.pointee.sin_port)
    }
  }
}

private func monotonicNanoseconds() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
