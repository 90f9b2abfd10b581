import Testing
@testable import MediaFiles
