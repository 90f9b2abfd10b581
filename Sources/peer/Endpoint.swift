import Bytes
import Cryptography
import EpollDriver
import FlyingFox
import Foundation
import RTP
import WebRTC

/// The HTTP side of `peer serve`: requests in, responses out. Cross-origin pages may use it.
struct Endpoint: Sendable {
  static let maximumBody = 256 << 10
  let sessions: Sessions
  /// What requests about media have to bear.
  let token: String?
  /// Servers that clients are told of, as ADDRESS:PORT.
  let stun: [String]

  func respond(to request: HTTPRequest) async -> HTTPResponse {
    var response: HTTPResponse
    do {
      response = try await self.route(request)
    } catch {
      response = problem(.badRequest, "the request could not be read")
    }
    response.headers[HTTPHeader("Access-Control-Allow-Origin")] = "*"
    response.headers[HTTPHeader("Access-Control-Expose-Headers")] = "Location, ETag, Link, Accept-Patch"
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
          HTTPHeader("Accept-Post"): "application/sdp",
        ]))
    case (.GET, "/"), (.HEAD, "/"):
      return HTTPResponse(
        statusCode: .ok, headers: HTTPHeaders([.contentType: "text/html; charset=utf-8"]), body: Data(page.utf8))
    case (.POST, "/echo"): return try await self.offer(request, .echo)
    case (.POST, "/whip"): return try await self.offer(request, .publish)
    case (.POST, "/whep"): return try await self.offer(request, .play)
    case (_, "/"), (_, "/echo"), (_, "/whip"), (_, "/whep"):
      return problem(.methodNotAllowed, "\(request.method.rawValue) is not for \(request.path)")
    default:
      return try await self.session(request)
    }
  }

  private func offer(_ request: HTTPRequest, _ role: ServedSession.Role) async throws -> HTTPResponse {
    if role != .echo, let response = self.unauthorized(request) { return response }
    guard mediaType(of: request) == "application/sdp" else {
      return problem(.unsupportedMediaType, "an offer has the content type application/sdp")
    }
    guard let body = try await self.body(of: request) else { return problem(tooLarge, "the offer is too large") }
    do throws(Sessions.StartError) {
      let session = try self.sessions.start(role, offer: body)
      var headers = HTTPHeaders([
        .contentType: "application/sdp", HTTPHeader("Location"): "/session/\(session.id)",
        HTTPHeader("ETag"): "\"\(session.id)\"", HTTPHeader("Accept-Patch"): "application/trickle-ice-sdpfrag",
      ])
      // RFC 9725 section 4.6.
      if !self.stun.isEmpty {
        headers[HTTPHeader("Link")] = self.stun.map { "<stun:\($0)>; rel=\"ice-server\"" }.joined(separator: ", ")
      }
      return HTTPResponse(statusCode: .created, headers: headers, body: Data(session.answer.utf8))
    } catch {
      return refusal(error, role)
    }
  }

  private func session(_ request: HTTPRequest) async throws -> HTTPResponse {
    let parts = request.path.split(separator: "/")
    guard parts.count == 2, parts[0] == "session", let (peer, served) = self.sessions.peer(String(parts[1])) else {
      return problem(.notFound, "there is no such session")
    }
    if served.role != .echo, let response = self.unauthorized(request) { return response }
    switch request.method {
    case .GET:
      let statistics = peer.perform { connection, _ in
        statisticsObject(connection.connection, received: served.received)
      }
      return HTTPResponse(
        statusCode: .ok, headers: HTTPHeaders([.contentType: "application/json", HTTPHeader("Cache-Control"): "no-store"]),
        body: try JSONSerialization.data(withJSONObject: statistics, options: [.sortedKeys, .withoutEscapingSlashes]))
    case .DELETE:
      self.sessions.end(String(parts[1]))
      return HTTPResponse(statusCode: .ok)
    case .PATCH: return try await self.patch(request, peer, served)
    default:
      return problem(.methodNotAllowed, "a session takes GET, PATCH and DELETE")
    }
  }

  private func patch(_ request: HTTPRequest, _ peer: Peer, _ served: ServedSession) async throws -> HTTPResponse {
    let type = mediaType(of: request)
    // RFC 9725 knows no second offer; a session of our own kind takes them.
    guard type == "application/trickle-ice-sdpfrag" || type == "application/sdp" && served.role == .echo else {
      return problem(.unsupportedMediaType, "candidates have the content type application/trickle-ice-sdpfrag")
    }
    // RFC 9725 section 4.3.1.
    switch request.headers[HTTPHeader("If-Match")] {
    case .none where served.role != .echo:
      return problem(preconditionRequired, "candidates need an If-Match with the session's ETag")
    case .none, "\"\(served.id)\"", "*": break
    default: return problem(preconditionFailed, "the session's ETag is another")
    }
    guard let body = try await self.body(of: request) else { return problem(tooLarge, "the body is too large") }
    if type == "application/sdp" {
      do throws(Sessions.StartError) {
        let answer = try self.sessions.renegotiate(served, peer, offer: body)
        return HTTPResponse(
          statusCode: .ok, headers: HTTPHeaders([.contentType: "application/sdp"]), body: Data(answer.utf8))
      } catch {
        return refusal(error, served.role)
      }
    }
    do throws(PeerConnection.DescriptionError) {
      try peer.perform { connection, now throws(PeerConnection.DescriptionError) in
        try connection.addRemoteFragment(body.span, now: now)
      }
      return HTTPResponse(statusCode: .noContent)
    } catch {
      // A restart of ICE is for a new session.
      if error == .incompatible, served.role != .echo { return problem(unprocessable, "ICE cannot be restarted here") }
      return problem(.badRequest, error.text)
    }
  }

  private func unauthorized(_ request: HTTPRequest) -> HTTPResponse? {
    guard let token = self.token else { return nil }
    let given = Array((request.headers[HTTPHeader("Authorization")] ?? "").utf8)
    let wanted = Array("Bearer \(token)".utf8)
    guard !constantTimeEqual(given.span, wanted.span) else { return nil }
    var response = problem(.unauthorized, "this needs the server's token")
    response.headers[HTTPHeader("WWW-Authenticate")] = "Bearer"
    return response
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

private let notAcceptable = HTTPStatusCode(406, phrase: "Not Acceptable")
private let conflict = HTTPStatusCode(409, phrase: "Conflict")
private let preconditionFailed = HTTPStatusCode(412, phrase: "Precondition Failed")
private let tooLarge = HTTPStatusCode(413, phrase: "Content Too Large")
private let unprocessable = HTTPStatusCode(422, phrase: "Unprocessable Content")
private let preconditionRequired = HTTPStatusCode(428, phrase: "Precondition Required")

private func problem(_ status: HTTPStatusCode, _ line: String) -> HTTPResponse {
  HTTPResponse(
    statusCode: status, headers: HTTPHeaders([.contentType: "text/plain; charset=utf-8"]), body: Data((line + "\n").utf8))
}

/// What a client is told whose offer was not taken.
private func refusal(_ error: Sessions.StartError, _ role: ServedSession.Role) -> HTTPResponse {
  switch error {
  case .tooMany: return problem(.serviceUnavailable, "there are as many sessions as this server takes")
  case .refused(.malformed(let error)) where error.reason == .nothingInCommon && role != .echo:
    return problem(notAcceptable, "the offer has no audio or video of a codec in common with this server")
  case .refused(let reason): return problem(.badRequest, reason.text)
  case .useless(.nothingToPlay): return problem(conflict, "there is nothing to play: nobody publishes")
  case .useless(.noCodec): return problem(notAcceptable, "the offer has no audio or video of a codec in common with this server")
  case .useless(.noUse):
    return problem(unprocessable, role == .publish ? "the offer sends nothing" : "the offer receives nothing")
  case .failed(let reason): return problem(.internalServerError, reason)
  }
}

private func mediaType(of request: HTTPRequest) -> String? {
  request.headers[.contentType]?.split(separator: ";").first?.trimmingCharacters(in: .whitespaces).lowercased()
}

/// What the page shows of our side: a line of text by its name, and the numbers of media for programs.
private func statisticsObject(
  _ connection: borrowing PeerConnection, received: [Transceiver: CodecFormat]
) -> [String: Any] {
  let statistics = connection.statistics
  var rows: [String: Any] = [
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
  let reports = MediaReport.all(connection, received: received)
  for report in reports {
    for (name, text) in report.rows {
      // Further ones of a kind go by their section.
      rows[rows[name] == nil ? name : "\(name) (\(report.mid))"] = text
    }
  }
  rows["media"] = reports.map(\.object)
  return rows
}
