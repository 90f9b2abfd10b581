import Foundation
import Swarm

extension Scenario {
  /// Reads a `.rtcsim` file.
  public init(json: Data) throws { self = try JSONDecoder().decode(Scenario.self, from: json) }

  public func json() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    return try encoder.encode(self)
  }
}
