extension MediaDescription { mutating func parse(_ d: SessionDescription, _ i: Int) {} }
