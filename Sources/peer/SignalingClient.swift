import Foundation
import FoundationNetworking

/// The HTTP side of a client: an offer for an answer, candidates that come later, and the end (RFC 9725).
final class SignalingClient {
  private var token: String?
  private(set) var location: URL?
  private var tag: String?

  init(token: String? = nil) { self.token = token }

  func exchange(_ offer: String, at url: URL) async throws -> String {
    var endpoint = url
    var (body, response) = try await self.post(offer, to: endpoint)
    // RFC 9725 section 4.5.
    for _ in 0..<5 {
      guard [307, 308].contains(response.statusCode),
        let next = response.value(forHTTPHeaderField: "Location").flatMap({ URL(string: $0, relativeTo: endpoint)?.absoluteURL })
      else { break }
      endpoint = next
      // The token is for whom the user gave it to.
      if next.host != url.host { self.token = nil }
      (body, response) = try await self.post(offer, to: endpoint)
    }
    guard response.statusCode == 201 else {
      let line = String(decoding: body.prefix(200), as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
      throw Failure("\(url) refused the offer: \(response.statusCode) \(line)")
    }
    // Where a redirection has led, relative locations count from there.
    self.location = response.value(forHTTPHeaderField: "Location").flatMap { URL(string: $0, relativeTo: endpoint) }
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
    _ = try? await Exchange.run(request)
  }

  func end() async {
    guard let location = self.location else { return }
    // The connection is closed already; an endpoint that does not hear of it here finds out by itself.
    _ = try? await Exchange.run(self.request("DELETE", location))
  }

  private func post(_ offer: String, to url: URL) async throws -> (Data, HTTPURLResponse) {
    var request = self.request("POST", url)
    request.setValue("application/sdp", forHTTPHeaderField: "Content-Type")
    request.httpBody = Data(offer.utf8)
    do {
      let (body, response) = try await Exchange.run(request)
      guard let response = response as? HTTPURLResponse else { throw Failure("this is not HTTP") }
      return (body, response)
    } catch {
      throw Failure("\(url): \(error.localizedDescription)")
    }
  }

  private func request(_ method: String, _ url: URL) -> URLRequest {
    var request = URLRequest(url: url, timeoutInterval: 10)
    request.httpMethod = method
    if let token = self.token { request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization") }
    return request
  }
}

/// One request that is not redirected. The library's own asynchronous calls follow redirections, without the body.
private final class Exchange: NSObject, URLSessionDataDelegate, @unchecked Sendable {
  // Touched by the session's own queue alone, once it runs.
  private var body = Data()
  private var continuation: CheckedContinuation<(Data, URLResponse?), any Error>?

  static func run(_ request: URLRequest) async throws -> (Data, URLResponse?) {
    let exchange = Exchange()
    let session = URLSession(configuration: .ephemeral, delegate: exchange, delegateQueue: nil)
    defer { session.finishTasksAndInvalidate() }
    return try await withCheckedThrowingContinuation { continuation in
      exchange.continuation = continuation
      session.dataTask(with: request).resume()
    }
  }

  func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
    // No description is larger.
    if self.body.count < 1 << 20 { self.body += data }
  }

  func urlSession(
    _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
    newRequest request: URLRequest, completionHandler: @escaping (URLRequest?) -> Void
  ) { completionHandler(nil) }

  func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
    self.continuation?.resume(with: error.map { .failure($0) } ?? .success((self.body, task.response)))
    self.continuation = nil
  }
}
