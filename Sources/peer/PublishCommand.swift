import ArgumentParser

struct Publish: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Send audio and video files to a WHIP endpoint (RFC 9725).",
    discussion: "Ends with status 0 where media flowed. When the receiver asks for a key frame, the next one is sent early.")

  @OptionGroup var options: ClientOptions
  @OptionGroup var clips: ClipOptions

  func run() async throws {
    let clips = try self.clips.load()
    guard !clips.isEmpty else { throw ValidationError("there is nothing to send: give --video, --audio or both") }
    try await runMediaClient(self.options, clips: clips, save: nil)
  }
}
