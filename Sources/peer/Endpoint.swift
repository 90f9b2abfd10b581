import Bytes
import EpollDriver
import FlyingFox
import Foundation
import WebRTC

/// The HTTP side of `peer serve`: requests in, responses out. Cross-origin pages may use it.
struct Endpoint: Sendable {
  static let maximumBody = 256 << 10
  let sessions: Sessions

  func respond(to request: HTTPRequest) async -> HTTPResponse {
    var response: HTTPResponse
    do {
      response = try await self.route(request)
    } catch {
      response = problem(.badRequest, "the request could not be read")
    }
    response.headers[HTTPHeader("Access-Control-Allow-Origin")] = "*"
    response.headers[HTTPHeader("Access-Control-Expose-Headers")] = "Location, ETag, Link"
    return response
  }

  private func route(_ request: HTTPRequest) async throws -> HTTPResponse {
    switch (request.method, request.path) {
    case (.OPTIONS, _):
      return HTTPResponse(
        statusCode: .noContent,
        headers: HTTPHeaders([
          HTTPHeader("Access-Control-Allow-Methods"): "GET, POST, PATCH, DELETE, OPTIONS",
          HTTPHeader("Access-Control-Allow-Headers"): "Content-Type, Authorization, If-Match",
          HTTPHeader("Access-Control-Max-Age"): "86400",
        ]))
    case (.GET, "/"), (.HEAD, "/"):
      return HTTPResponse(
        statusCode: .ok, headers: HTTPHeaders([.contentType: "text/html; charset=utf-8"]), body: Data(page.utf8))
    case (.POST, "/echo"):
      return try await self.offer(request)
    case (_, "/"), (_, "/echo"):
      return problem(.methodNotAllowed, "\(request.method.rawValue) is not for \(request.path)")
    default:
      return try await self.session(request)
    }
  }

  private func offer(_ request: HTTPRequest) async throws -> HTTPResponse {
    guard mediaType(of: request) == "application/sdp" else {
      return problem(.unsupportedMediaType, "an offer has the content type application/sdp")
    }
    guard let body = try await self.body(of: request) else { return problem(tooLarge, "the offer is too large") }
    do throws(Sessions.StartError) {
      let session = try self.sessions.start(offer: body)
      return HTTPResponse(
        statusCode: .created,
        headers: HTTPHeaders([
          .contentType: "application/sdp", HTTPHeader("Location"): "/session/\(session.id)",
          HTTPHeader("ETag"): "\"\(session.id)\"",
        ]), body: Data(session.answer.utf8))
    } catch {
      switch error {
      case .tooMany: return problem(.serviceUnavailable, "there are as many sessions as this server takes")
      case .refused(let reason): return problem(.badRequest, reason.text)
      case .failed(let reason): return problem(.internalServerError, reason)
      }
    }
  }

  private func session(_ request: HTTPRequest) async throws -> HTTPResponse {
    let parts = request.path.split(separator: "/")
    guard parts.count == 2, parts[0] == "session", let peer = self.sessions.peer(String(parts[1])) else {
      return problem(.notFound, "there is no such session")
    }
    switch request.method {
    case .GET:
      let statistics = peer.perform { connection, _ in statisticsText(connection.connection) }
      return HTTPResponse(
        statusCode: .ok, headers: HTTPHeaders([.contentType: "application/json", HTTPHeader("Cache-Control"): "no-store"]),
        body: try JSONEncoder().encode(statistics))
    case .DELETE:
      self.sessions.end(String(parts[1]))
      return HTTPResponse(statusCode: .ok)
    case .PATCH:
      guard mediaType(of: request) == "application/trickle-ice-sdpfrag" else {
        return problem(.unsupportedMediaType, "candidates have the content type application/trickle-ice-sdpfrag")
      }
      guard let body = try await self.body(of: request) else { return problem(tooLarge, "the fragment is too large") }
      do throws(PeerConnection.DescriptionError) {
        try peer.perform { connection, now throws(PeerConnection.DescriptionError) in
          try connection.addRemoteFragment(body.span, now: now)
        }
        return HTTPResponse(statusCode: .noContent)
      } catch {
        return problem(.badRequest, error.text)
      }
    default:
      return problem(.methodNotAllowed, "a session takes GET, PATCH and DELETE")
    }
  }

  /// The body, or nil where it is larger than this server takes; no more than that is ever held.
  private func body(of request: HTTPRequest) async throws -> [UInt8]? {
    if let length = request.headers[.contentLength].flatMap(Int.init), length > Self.maximumBody { return nil }
    var body: [UInt8] = []
    for try await chunk in request.bodySequence {
      guard body.count + chunk.count <= Self.maximumBody else { return nil }
      body += chunk
    }
    return body
  }
}

private let tooLarge = HTTPStatusCode(413, phrase: "Content Too Large")

private func problem(_ status: HTTPStatusCode, _ line: String) -> HTTPResponse {
  HTTPResponse(
    statusCode: status, headers: HTTPHeaders([.contentType: "text/plain; charset=utf-8"]), body: Data((line + "\n").utf8))
}

private func mediaType(of request: HTTPRequest) -> String? {
  request.headers[.contentType]?.split(separator: ";").first?.trimmingCharacters(in: .whitespaces).lowercased()
}

/// What the page shows of our side.
private func statisticsText(_ connection: borrowing PeerConnection) -> [String: String] {
  let statistics = connection.statistics
  var rows: [String: String] = [
    "connection": "\(connection.connectionState)",
    "ICE": "\(connection.iceState)",
    "datagrams in": "\(statistics.counters.datagramsReceived)",
    "datagrams out": "\(statistics.counters.datagramsSent)",
    "congestion window": "\(statistics.sctp.congestionWindow) B",
    "retransmitted": "\(statistics.sctp.retransmissions)",
  ]
  if let pair = statistics.selectedPair {
    rows["path"] = "\(pair.local.text) → \(pair.remote.text)"
    if let roundTrip = pair.roundTrip { rows["round trip"] = "\(rounded(Double(roundTrip.nanoseconds) / 1e6)) ms" }
  }
  return rows
}
