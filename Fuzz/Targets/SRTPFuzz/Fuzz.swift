import SRTP

/// Two peers under one key, driven by the input: a byte that says what happens, a byte of length, then a packet. Among it,
/// one side is forked; from then on the fork has to agree in everything.
#if FUZZING
  @c(LLVMFuzzerTestOneInput)
#endif
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = Array(UnsafeBufferPointer(start: data, count: count))
  guard let first = input.first else { return 0 }
  let profiles: [ProtectionProfile] = [.aeadAES128GCM, .aeadAES256GCM, .aes128CMHMACSHA1_80]
  let profile = profiles[Int(first) % 3]
  let material = (0..<profile.keyingMaterialLength).map { UInt8($0) }
  var configuration = Configuration()
  configuration.replayWindow = 128
  configuration.repeatWindow = 128
  configuration.maximumStreams = 3
  guard
    var alice = try? Session(
      profile: profile, keyingMaterial: material.span, isDTLSClient: true, configuration: configuration),
    var bob = try? Session(
      profile: profile, keyingMaterial: material.span, isDTLSClient: false, configuration: configuration)
  else { preconditionFailure() }
  var fork: Session?
  var latest: [UInt8] = []
  var i = 1
  while i + 1 < input.count {
    let operation = input[i]
    let end = min(i + 2 + Int(input[i + 1]), input.count)
    let packet = Array(input[(i + 2)..<end])
    i = end
    let isControl = operation & 8 != 0
    switch operation & 7 {
    case 0: agree(&alice, &fork, packet, isControl, sends: false)  // a forgery
    case 1: agree(&alice, &fork, packet, isControl, sends: true)
    case 2, 3, 4:  // Bob sends; Alice may get it
      guard let sent = run(&bob, packet, isControl, sends: true) else { continue }
      latest = sent
      if operation & 7 > 2 {
        let plain = agree(&alice, &fork, sent, isControl, sends: false)
        precondition(plain == nil || plain == packet)
      }
    case 5: agree(&alice, &fork, latest, isControl, sends: false)  // a replay, or late
    case 6:  // a damaged packet
      guard !latest.isEmpty else { continue }
      var damaged = latest
      damaged[Int(operation >> 4) * damaged.count / 16] ^= 0x20
      precondition(agree(&alice, &fork, damaged, isControl, sends: false) == nil)
    default:
      guard let copy = try? alice.fork() else { preconditionFailure() }
      fork = consume copy
    }
  }
  return 0
}

@discardableResult
func agree(
  _ session: inout Session, _ fork: inout Session?, _ packet: [UInt8], _ isControl: Bool, sends: Bool
) -> [UInt8]? {
  let result = run(&session, packet, isControl, sends: sends)
  if var copy = fork.take() {
    precondition(run(&copy, packet, isControl, sends: sends) == result)
    precondition(copy.statistics == session.statistics)
    fork = consume copy
  }
  return result
}

func run(_ session: inout Session, _ packet: [UInt8], _ isControl: Bool, sends: Bool) -> [UInt8]? {
  var buffer = packet + [UInt8](repeating: 0, count: sends ? Session.tailroom : 0)
  var span = buffer.mutableSpan
  let size =
    switch (sends, isControl) {
    case (true, false): session.protect(&span, count: packet.count)
    case (true, true): session.protectControl(&span, count: packet.count)
    case (false, false): session.unprotect(&span)
    case (false, true): session.unprotectControl(&span)
    }
  return size.map { Array(buffer[..<$0]) }
}
