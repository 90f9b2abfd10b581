import Foundation
import FoundationNetworking

/// The HTTP side of a client: an offer for an answer, candidates that come later, and the end (RFC 9725).
final class SignalingClient {
  private let token: String?
  private(set) var location: URL?
  private var tag: String?

  init(token: String? = nil) { self.token = token }

  func exchange(_ offer: String, at url: URL) async throws -> String {
    var request = self.request("POST", url)
    request.setValue("application/sdp", forHTTPHeaderField: "Content-Type")
    request.httpBody = Data(offer.utf8)
    let (body, response): (Data, URLResponse)
    do {
      (body, response) = try await URLSession.shared.data(for: request)
    } catch {
      throw Failure("\(url): \(error.localizedDescription)")
    }
    guard let response = response as? HTTPURLResponse, response.statusCode == 201 else {
      let status = (response as? HTTPURLResponse)?.statusCode ?? 0
      let line = String(decoding: body.prefix(200), as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
      throw Failure("\(url) refused the offer: \(status) \(line)")
    }
    // Where a redirection (307) has led, relative locations count from there.
    self.location = response.value(forHTTPHeaderField: "Location").flatMap { URL(string: $0, relativeTo: response.url ?? url) }
    self.tag = response.value(forHTTPHeaderField: "ETag")
    return String(decoding: body, as: UTF8.self)
  }

  /// The session's name: the end of its URL, as far as it is fit for a file's name.
  var name: String {
    let name = (self.location?.lastPathComponent ?? "").filter { $0.isASCII && ($0.isLetter || $0.isNumber || "-_".contains($0)) }
    return name.isEmpty ? "session" : String(name.prefix(64))
  }

  /// Sends candidates, or that there are no more. A server that takes none of it has to do with the offer's.
  func trickle(_ fragment: String) async {
    guard let location = self.location else { return }
    var request = self.request("PATCH", location)
    request.setValue("application/trickle-ice-sdpfrag", forHTTPHeaderField: "Content-Type")
    request.setValue(self.tag ?? "*", forHTTPHeaderField: "If-Match")
    request.httpBody = Data(fragment.utf8)
    _ = try? await URLSession.shared.data(for: request)
  }

  func end() async {
    guard let location = self.location else { return }
    // The connection is closed already; an endpoint that does not hear of it here finds out by itself.
    _ = try? await URLSession.shared.data(for: self.request("DELETE", location))
  }

  private func request(_ method: String, _ url: URL) -> URLRequest {
    var request = URLRequest(url: url, timeoutInterval: 10)
    request.httpMethod = method
    if let token = self.token { request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization") }
    return request
  }
}
