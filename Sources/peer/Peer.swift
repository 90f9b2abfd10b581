import ArgumentParser

@main
struct PeerTool: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "peer",
    abstract: "WebRTC peers from the command line: try them, serve them, measure them, replay them.",
    subcommands: [Demo.self, Serve.self, Connect.self, Publish.self, Play.self, Replay.self, Simulate.self, Bench.self])
}
