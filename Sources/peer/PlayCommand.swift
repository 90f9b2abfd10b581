import ArgumentParser

struct Play: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Receive audio and video from a WHEP endpoint, and store them.",
    discussion: """
      Ends with status 0 where media flowed. With --save the files are named after the session: SESSION-video.h264, .ivf or \
      .mjpeg, SESSION-audio.ogg or .wav, with a number where there is more than one stream.
      """)

  @OptionGroup var options: ClientOptions
  @Option(help: "Store what arrives in this directory.") var save: String?

  func run() async throws { try await runMediaClient(self.options, clips: [], save: self.save) }
}
