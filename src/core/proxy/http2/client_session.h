#pragma once

#include "core/proxy/http2/connection.h"

namespace hitless::proxy {

/// An HTTP/2 connection to an upstream, with prior knowledge or after ALPN (RFC 9113 3).
///
/// A head with `upgrade` becomes an extended CONNECT (RFC 8441) if the upstream takes it, and its
/// 2xx becomes 101; else the request is sent without the upgrade, which servers may ignore anyway.
/// reset(stream, kNone) after the end of the response means that the upstream wants no more of the
/// request (RFC 9113 8.1).
class Http2ClientSession final : public http2::SessionOn<ClientSession> {
 public:
  explicit Http2ClientSession(ClientEvents& events, const Http2Options& options = {});

  std::size_t opens() const override;
  bool leaving() const override { return leaving_ || ended(); }
  StreamId open(const RequestHead& head, bool end) override;
  /// Whether the upstream has said that it takes extended CONNECTs.
  bool takesUpgrades() const;

 private:
  void beginBlock(const nghttp2_frame& frame) override;
  void completeBlock(http2::Stream& stream, bool end) override;
  void received(const nghttp2_frame& frame) override;
  void sent(const nghttp2_frame& frame) override;
  void tellEnd(StreamId id, bool announced, StreamError error) override;
  void tellBroken(std::string_view details) override;
  void settled() override;

  void completeResponse(http2::Stream& stream, bool end);
  std::size_t limit() const;

  ClientEvents& clientEvents_;
  bool greeted_ = false;  ///< The upstream's SETTINGS have come.
  bool leaving_ = false;
  std::size_t toldLimit_ = 0;  ///< What openable() was said for last.
  std::size_t toldOpens_ = 0;
  bool toldLeaving_ = false;
};

}  // namespace hitless::proxy
