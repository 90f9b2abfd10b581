import CESPPeer

@c(swift_peer_open)
public func open(_ cfg: UnsafeMutablePointer<esp_peer_cfg_t>?, _ peer: UnsafeMutablePointer<esp_peer_handle_t?>?) -> CInt {
  return ESP_PEER_ERR_NOT_SUPPORT.rawValue
}

@c(swift_peer_close)
public func close(_ peer: esp_peer_handle_t?) -> CInt {
  return ESP_PEER_ERR_NOT_SUPPORT.rawValue
}
