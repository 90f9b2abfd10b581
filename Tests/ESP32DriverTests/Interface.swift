import CESPPeer
import Testing

/// The C interface by programs in C, which know of it what the README says.
@Suite(.serialized) struct InterfaceTests {
  @Test func `arguments, configurations, states and channels are as in esp_peer`() throws {
    let failures = try Program("interface").failures()
    #expect(failures == [])
  }

  @Test func `audio and video of every codec come as they were sent`() throws {
    let failures = try Program("media").failures()
    #expect(failures == [])
  }

  @Test func `connections end, are lost, begin anew, and are closed from within callbacks`() throws {
    let failures = try Program("life").failures()
    #expect(failures == [])
  }

  @Test func `peers that are opened again and again leave nothing behind`() throws {
    let outcome = try Program("life", under: .nothing).run("reopened_without_a_leak")
    #expect(outcome.succeeded, "\(outcome)")
  }

  @Test func `two peers of one process connect, talk and send audio`() throws {
    let outcome = try Program("two_peers").run("5")
    #expect(outcome.succeeded, "\(outcome)")
  }

  @Test func `two peers of one process pass valgrind`() throws {
    let outcome = try Program("two_peers", under: .nothing).runUnderValgrind("2")
    #expect(outcome.succeeded, "\(outcome)")
  }

  @Test func `two peers of two processes connect, talk and send audio`() throws {
    let outcome = try Program("two_processes").run(Program("endpoint").path.path)
    #expect(outcome.succeeded, "\(outcome)")
  }

  @Test func `threads may send, ask and end while another runs the main loop`() throws {
    let outcome = try Program("threads").run("2")
    #expect(outcome.succeeded, "\(outcome)")
  }

  @Test func `threads of an application take no lock against the order`() throws {
    let outcome = try Program("threads", under: .threads).run("1")
    #expect(outcome.succeeded, "\(outcome)")
  }

  @Test func `both ways to this implementation lead to one table`() {
    let table = swift_peer_get_impl()
    #expect(table != nil && table == esp_peer_get_default_impl())
  }
}
